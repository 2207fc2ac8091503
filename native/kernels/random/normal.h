#pragma once

#include <cstddef>
#include <cstdint>

namespace palimpsest {

// `pairs` pairs of normal variates from 2 * pairs words: 32-bit words for float32, 64-bit ones for float64.
struct NormalLoops {
  void (*singles)(const std::uint32_t* words, std::size_t pairs, float* out);
  void (*doubles)(const std::uint32_t* words, std::size_t pairs, double* out);

  void operator()(const std::uint32_t* words, std::size_t pairs, float* out) const {
    singles(words, pairs, out);
  }
  void operator()(const std::uint32_t* words, std::size_t pairs, double* out) const {
    doubles(words, pairs, out);
  }
};

extern const NormalLoops kBaselineNormal;
#if defined(__x86_64__)
extern const NormalLoops kAvx2Normal;
extern const NormalLoops kAvx512Normal;
#endif

// The loops for this processor.
const NormalLoops& normal_loops();

}  // namespace palimpsest
