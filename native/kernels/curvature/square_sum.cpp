// The exact sum of squared per-example gradients, without storing one:
// out[i, j] = sum_n (sum_t A[n, t, i] G[n, t, j])^2.
#include "kernels/curvature/factors.h"
#include "kernels/product/product.h"

namespace palimpsest {
namespace {

void square_sum(const Call& call) {
  const Factors f = factors_of(call);
  const View& out = call.output(0);
  call.expect(out.shape == Shape{f.rows, f.columns}, "the output's shape is not [I, J]");
  dispatch_float(out.dtype, [&]<typename T>() {
    const product::Matrix<T> a = steps_deep(call.input(0).as<T>(), f.steps, f.rows, f.transposed_a);
    const product::Matrix<T> g = steps_deep(call.input(1).as<T>(), f.steps, f.columns, f.transposed_g);
    const product::Extents extents{1, f.examples, f.steps, f.rows, f.columns};
    if (f.steps == 1) {
      // (a g)^2 = a^2 g^2: one product of the squares.
      product::run_product(call, product::Product<T>{extents, a.squared(), g.squared(), out.as<T>()});
    } else {
      product::run_product(call,
                           product::Product<T>{extents, a, g, out.as<T>(), product::Reduction::squares});
    }
  });
}

PALIMPSEST_KERNEL("squareSum", square_sum);

}  // namespace
}  // namespace palimpsest
