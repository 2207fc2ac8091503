// How fast memory is read and written: the triad of McCalpin's STREAM, a = b + s c, the upper limit of everything
// that computes little. Results go around the cache, so that no byte is moved that is not counted.
#include "core/kernel.h"
#include "kernels/pieces.h"
#include "loops.h"

namespace palimpsest {
namespace {

void bench_triad(const Call& call) {
  call.expect_counts(2, 1);
  call.expect(call.attributes().size() == 1, "one attribute expected");
  const View &b = call.input(0), &c = call.input(1), &out = call.output(0);
  call.expect(b.shape == out.shape && c.shape == out.shape, "shapes differ");
  const float *const left = b.as<float>(), *const right = c.as<float>();
  float* const sum = out.as<float>();
  const auto scale = static_cast<float>(call.attribute(0));
  const auto loop = bench_loops().triad;
  call.workers.parallel_range(static_cast<std::size_t>(out.size), units_per_piece(1),
                              [&](std::size_t i, std::size_t end) {
                                loop(end - i, left + i, right + i, scale, sum + i);
                              });
}

PALIMPSEST_KERNEL("benchTriad", bench_triad);

}  // namespace
}  // namespace palimpsest
