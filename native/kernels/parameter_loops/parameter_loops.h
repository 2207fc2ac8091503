#pragma once

#include <cstddef>

namespace palimpsest {

struct SgdSettings {
  double lr, momentum, weight_decay;
  bool nesterov;
};

struct AdamSettings {
  double lr, beta1, beta2, eps, weight_decay;
  bool decoupled;
  double bias_correction1, bias_correction2;
};

struct DampenCounts {
  double selected;  // how many elements the rule chose
  double factors;   // the sum of their factors
};

// Where results go: into the cache, or around it to memory when they are more than it holds anyway. Around
// it, memory is not read only to be overwritten.
enum class Write { cached, around_cache };

// The loops over n elements of a parameter, for one element type and one instruction set. Outputs are apart
// from the inputs or exactly an input.
template <typename T>
struct ParameterLoops {
  void (*sgd)(std::size_t n, const T* p, const T* grad, const T* velocity, const SgdSettings& settings,
              Write write, T* new_p, T* new_velocity);
  void (*adam)(std::size_t n, const T* p, const T* grad, const T* m, const T* v, const AdamSettings& settings,
               Write write, T* new_p, T* new_m, T* new_v);
  DampenCounts (*dampen)(std::size_t n, const T* theta, const T* forget, const T* full, double alpha,
                         double lambda, Write write, T* out);
};

struct ParameterLoopSet {
  ParameterLoops<float> single;
  ParameterLoops<double> twice;

  template <typename T>
  const ParameterLoops<T>& of() const {
    if constexpr (sizeof(T) == sizeof(float)) {
      return single;
    } else {
      return twice;
    }
  }
};

extern const ParameterLoopSet kBaselineParameterLoops;
#if defined(__x86_64__)
extern const ParameterLoopSet kAvx2ParameterLoops;
extern const ParameterLoopSet kAvx512ParameterLoops;
#endif

// The loops for this processor.
const ParameterLoopSet& parameter_loops();

// How to write outputs of this many bytes in all.
Write write_for(std::size_t bytes);

}  // namespace palimpsest
