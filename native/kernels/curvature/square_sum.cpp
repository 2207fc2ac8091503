// The exact sum of squared per-example gradients, without storing one:
// out[i, j] = sum_n (sum_t A[n, t, i] G[n, t, j])^2.
#include "core/checked.h"
#include "kernels/curvature/factors.h"
#include "kernels/product/product.h"

namespace palimpsest {
namespace {

using product::Extents;
using product::Product;
using product::Reduction;

// The squares of a tensor's elements.
template <typename T>
StoragePtr squares_of(const Call& call, const View& x) {
  const T* from = x.as<T>();
  StoragePtr storage = call.scratch(checked_mul(static_cast<std::size_t>(x.size), sizeof(T)));
  T* to = reinterpret_cast<T*>(storage->data());
  call.workers.parallel_range(static_cast<std::size_t>(x.size), 1 << 16,
                              [&](std::size_t begin, std::size_t end) {
                                for (std::size_t i = begin; i < end; ++i) to[i] = from[i] * from[i];
                              });
  return storage;
}

void square_sum(const Call& call) {
  const Factors f = factors_of(call);
  const View &a = call.input(0), &g = call.input(1), &out = call.output(0);
  call.expect(out.shape == Shape{f.rows, f.columns}, "the output's shape is not [I, J]");
  dispatch_float(out.dtype, [&]<typename T>() {
    const Extents extents{1, f.examples, f.steps, f.rows, f.columns};
    const auto run = [&](const T* a_data, const T* g_data, Reduction reduction) {
      const auto by_a = steps_deep(a_data, f.steps, f.rows, f.transposed_a);
      const auto by_g = steps_deep(g_data, f.steps, f.columns, f.transposed_g);
      product::run_product(call, Product<T>{extents, by_a, by_g, out.as<T>(), reduction});
    };
    if (f.steps == 1) {
      // (a g)^2 = a^2 g^2: one plain product of the squares.
      const StoragePtr a_squares = squares_of<T>(call, a), g_squares = squares_of<T>(call, g);
      run(reinterpret_cast<const T*>(a_squares->data()), reinterpret_cast<const T*>(g_squares->data()),
          Reduction::sum);
    } else {
      run(a.as<T>(), g.as<T>(), Reduction::squares);
    }
  });
}

PALIMPSEST_KERNEL("squareSum", square_sum);

}  // namespace
}  // namespace palimpsest
