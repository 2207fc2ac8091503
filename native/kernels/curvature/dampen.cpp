// Selective synaptic dampening in one pass: where importanceForget > alpha * importanceFull (strict), the
// parameter is multiplied by min(lambda * importanceFull / importanceForget, 1). Everything is compared in
// float64, so that the selection is the one that the stored importances imply, whatever dtype they are stored
// in.
#include "core/kernel.h"
#include "kernels/parameter_loops/parameter_loops.h"
#include "kernels/pieces.h"

namespace palimpsest {
namespace {

void dampen(const Call& call) {
  call.expect_counts(4, 2);
  const View& theta = call.input(0);
  const View& forget = call.input(1);
  const View& full = call.input(2);
  const View& hyper = call.input(3);
  const View& out = call.output(0);
  const View& counts = call.output(1);
  call.expect(forget.shape == theta.shape && full.shape == theta.shape && out.shape == theta.shape,
              "shapes differ");
  call.expect(hyper.shape == Shape{2} && counts.shape == Shape{2}, "hyper and counts must be [2]");
  call.expect(call.attributes().empty(), "no attributes expected");
  const double alpha = hyper.as<double>()[0];
  const double lambda = hyper.as<double>()[1];
  double* total = counts.as<double>();
  dispatch_float(theta.dtype, [&]<typename T>() {
    const T* x = theta.as<T>();
    const T* f = forget.as<T>();
    const T* d = full.as<T>();
    T* y = out.as<T>();
    const std::size_t size = static_cast<std::size_t>(theta.size);
    const std::size_t grain = units_per_piece(1), pieces = (size + grain - 1) / grain;
    const Write write = write_for(size * sizeof(T));
    const auto loop = parameter_loops().of<T>().dampen;
    const StoragePtr scratch = call.scratch(pieces * sizeof(DampenCounts));
    auto* piece_counts = reinterpret_cast<DampenCounts*>(scratch->data());
    call.workers.parallel_range(size, grain, [&](std::size_t i, std::size_t end) {
      piece_counts[i / grain] = loop(end - i, x + i, f + i, d + i, alpha, lambda, write, y + i);
    });
    total[0] = total[1] = 0;
    for (std::size_t piece = 0; piece < pieces;
         ++piece) {  // in order, for the same bits with any number of threads
      total[0] += piece_counts[piece].selected;
      total[1] += piece_counts[piece].factors;
    }
  });
}

PALIMPSEST_KERNEL("dampen", dampen);

}  // namespace
}  // namespace palimpsest
