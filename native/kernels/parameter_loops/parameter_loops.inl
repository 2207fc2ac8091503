// One pass over a parameter. Included by one file per instruction set, with the precautions of lanes.h.
#include "kernels/lanes.h"
#include "parameter_loops.h"

namespace palimpsest {
namespace {

// Calls body(at, put) for each vector of n elements; put(y, v) stores v at `at`, around the cache when that
// is wanted and the outputs are aligned for it.
template <typename T, typename Body, typename... Output>
inline void pass_over(std::size_t n, Write write, Body&& body, const Output*... outputs) {
  const bool is_aligned = ((reinterpret_cast<std::uintptr_t>(outputs) % kVectorBytes == 0) && ...);
  if (write == Write::around_cache && is_aligned) {
    for_each_vector<T>(n, [&](auto at) { body(at, [&](T* y, Vector<T> v) { at.stream(y, v); }); });
    end_of_streaming();
  } else {
    for_each_vector<T>(n, [&](auto at) { body(at, [&](T* y, Vector<T> v) { at.put(y, v); }); });
  }
}

template <typename T>
void sgd_loop(std::size_t n, const T* p, const T* grad, const T* velocity, const SgdSettings& settings,
              Write write, T* new_p, T* new_velocity) {
  const T rate = static_cast<T>(settings.lr), momentum = static_cast<T>(settings.momentum);
  const T decay = static_cast<T>(settings.weight_decay);
  const bool nesterov = settings.nesterov;
  pass_over<T>(
      n, write,
      [&](auto at, auto put) {
        const Vector<T> start = at(p);
        const Vector<T> d = at(grad) + decay * start;
        const Vector<T> v = momentum * at(velocity) + d;
        put(new_velocity, v);
        put(new_p, start - rate * (nesterov ? d + momentum * v : v));
      },
      new_p, new_velocity);
}

template <typename T>
void adam_loop(std::size_t n, const T* p, const T* grad, const T* m, const T* v, const AdamSettings& settings,
               Write write, T* new_p, T* new_m, T* new_v) {
  const bool decoupled = settings.decoupled;
  const T keep = static_cast<T>(decoupled ? 1 - settings.lr * settings.weight_decay : 1);
  const T decay = static_cast<T>(decoupled ? 0 : settings.weight_decay);
  const T beta1 = static_cast<T>(settings.beta1), rest1 = static_cast<T>(1 - settings.beta1);
  const T beta2 = static_cast<T>(settings.beta2), rest2 = static_cast<T>(1 - settings.beta2);
  const T rate = static_cast<T>(settings.lr / settings.bias_correction1);
  const T root_scale = static_cast<T>(1 / __builtin_sqrt(settings.bias_correction2));
  const T eps = static_cast<T>(settings.eps);
  pass_over<T>(
      n, write,
      [&](auto at, auto put) {
        const Vector<T> start = at(p);
        const Vector<T> g = at(grad) + decay * start;
        const Vector<T> first = beta1 * at(m) + rest1 * g;
        const Vector<T> second = beta2 * at(v) + rest2 * (g * g);
        put(new_m, first);
        put(new_v, second);
        put(new_p, start * keep - rate * (first / (root_of_lanes<T>(second) * root_scale + eps)));
      },
      new_p, new_m, new_v);
}

// The rule of dampen.cpp on vectors of double precision, and what it counts.
struct Dampening {
  double alpha, lambda;
  Vector<double> selected = {};
  Vector<double> factors = {};

  Vector<double> operator()(Vector<double> theta, Vector<double> forget, Vector<double> full) {
    const Vector<double> zero = {}, one = splat(1.0);
    const Vector<double> ratio = lambda * full / forget;
    const Vector<double> bounded = ratio < one ? ratio : one;  // 1 for NaN too: overflow over infinity
    const auto is_selected = forget > alpha * full;            // false for 0 > 0 and for NaN
    selected += is_selected ? one : zero;
    factors += is_selected ? bounded : zero;
    return is_selected ? theta * bounded : theta;
  }
};

inline Vector<double> dampened(Dampening (&rule)[2], Vector<double> theta, Vector<double> forget,
                               Vector<double> full) {
  return rule[0](theta, forget, full);
}

inline Vector<float> dampened(Dampening (&rule)[2], Vector<float> theta, Vector<float> forget,
                              Vector<float> full) {
  return narrowed(rule[0](low_half(theta), low_half(forget), low_half(full)),
                  rule[1](high_half(theta), high_half(forget), high_half(full)));
}

template <typename T>
DampenCounts dampen_loop(std::size_t n, const T* theta, const T* forget, const T* full, double alpha,
                         double lambda, Write write, T* out) {
  Dampening rule[2] = {{alpha, lambda}, {alpha, lambda}};
  pass_over<T>(
      n, write, [&](auto at, auto put) { put(out, dampened(rule, at(theta), at(forget), at(full))); }, out);
  return {sum_of_lanes<double>(rule[0].selected + rule[1].selected),
          sum_of_lanes<double>(rule[0].factors + rule[1].factors)};
}

template <typename T>
constexpr ParameterLoops<T> kParameterLoopsOf = {sgd_loop<T>, adam_loop<T>, dampen_loop<T>};

}  // namespace
}  // namespace palimpsest
