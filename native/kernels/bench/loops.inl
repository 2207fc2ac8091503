// Included by one file per instruction set, with the precautions of lanes.h.
#include "kernels/lanes.h"
#include "loops.h"

namespace palimpsest {
namespace {

// Enough to hide the latency of a multiply-add (4 cycles on two units), few enough for 16 registers.
constexpr std::size_t kChains = 12;
constexpr std::size_t kStepsPerRound = kMultiplyAddsPerRound / (kChains * kLanes<float>);
static_assert(kStepsPerRound * kChains * kLanes<float> == kMultiplyAddsPerRound);

float multiply_add_loop(std::size_t rounds, float factor, float addend) {
  const Vector<float> by = splat(factor), plus = splat(addend);
  Vector<float> x[kChains];
  for (std::size_t chain = 0; chain < kChains; ++chain) {
    x[chain] = splat(static_cast<float>(chain));
    // Nobody may know that the chains are alike, or one would be computed for all.
    __asm__("" : "+m"(x[chain]));
  }
  for (std::size_t step = 0; step < rounds * kStepsPerRound; ++step) {
    for (std::size_t chain = 0; chain < kChains; ++chain) x[chain] = x[chain] * by + plus;
  }
  Vector<float> sum = {};
  for (std::size_t chain = 0; chain < kChains; ++chain) sum += x[chain];
  return sum_of_lanes<float>(sum);
}

void triad_loop(std::size_t n, const float* b, const float* c, float scale, float* out) {
  if (reinterpret_cast<std::uintptr_t>(out) % kVectorBytes == 0) {
    for_each_vector<float>(n, [&](auto at) { at.stream(out, at(b) + scale * at(c)); });
    end_of_streaming();
  } else {
    for_each_vector<float>(n, [&](auto at) { at.put(out, at(b) + scale * at(c)); });
  }
}

constexpr BenchLoops kBenchLoops = {multiply_add_loop, triad_loop};

}  // namespace
}  // namespace palimpsest
