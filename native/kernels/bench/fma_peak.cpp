// How fast the processor multiplies and adds when nothing has to be fetched: the upper limit of every product.
#include "core/kernel.h"
#include "loops.h"

namespace palimpsest {
namespace {

// About 10 ms on a slow processor: cancellation is looked at between pieces.
constexpr std::int64_t kMostRounds = 1 << 18;

// inputs: [factor, addend]; attributes: rounds per piece; output: one number per piece.
void bench_fma_peak(const Call& call) {
  call.expect_counts(1, 1);
  call.expect(call.attributes().size() == 1, "one attribute expected");
  const View &coefficients = call.input(0), &out = call.output(0);
  call.expect(coefficients.shape == Shape{2}, "a factor and an addend expected");
  call.expect(out.rank() == 1, "the output's rank is not 1");
  const auto rounds = static_cast<std::size_t>(call.integer(0, 0, kMostRounds));
  const float *const pair = coefficients.as<float>();
  float* const ends = out.as<float>();
  const float factor = pair[0], addend = pair[1];
  const auto loop = bench_loops().multiply_add;
  call.workers.parallel_for(static_cast<std::size_t>(out.size),
                            [&](std::size_t piece) { ends[piece] = loop(rounds, factor, addend); });
}

PALIMPSEST_KERNEL("benchFmaPeak", bench_fma_peak);

}  // namespace
}  // namespace palimpsest
