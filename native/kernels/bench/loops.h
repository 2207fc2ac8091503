#pragma once

#include <cstddef>

namespace palimpsest {

// A round of the first loop makes so many multiply-adds, with any instruction set: bench/limits.ts counts on it.
constexpr std::size_t kMultiplyAddsPerRound = 768;

// What a processor can do at most, for one instruction set: the yardsticks of the benchmarks.
struct BenchLoops {
  // Independent chains x = x * factor + addend, all in registers; returns the sum of their ends.
  float (*multiply_add)(std::size_t rounds, float factor, float addend);
  // out = b + scale * c, written around the cache where `out` is aligned for it.
  void (*triad)(std::size_t n, const float* b, const float* c, float scale, float* out);
};

extern const BenchLoops kBaselineBenchLoops;
#if defined(__x86_64__)
extern const BenchLoops kAvx2BenchLoops;
extern const BenchLoops kAvx512BenchLoops;
#endif

// The loops for this processor.
const BenchLoops& bench_loops();

}  // namespace palimpsest
