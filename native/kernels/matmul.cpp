// C = A B with either side transposed, batched with broadcasting, and a bias on the columns.
#include "core/kernel.h"
#include "kernels/product/product.h"
#include "kernels/thin/thin_product.h"

namespace palimpsest {
namespace {

using product::Index;

struct MatmulShape {
  Index batches, rows, columns, depth;
  bool transposed_a, transposed_b;
};

MatmulShape matmul_shape(const Call& call) {
  call.expect(call.input_count() == 2 || call.input_count() == 3, "two matrices and at most a bias expected");
  call.expect_counts(call.input_count(), 1);
  call.expect(call.attributes().size() == 2, "two attributes expected");
  const View &a = call.input(0), &b = call.input(1), &out = call.output(0);
  call.expect(a.rank() == 3 && b.rank() == 3 && out.rank() == 3, "rank 3 expected");
  MatmulShape shape;
  shape.transposed_a = call.integer(0, 0, 1) != 0;
  shape.transposed_b = call.integer(1, 0, 1) != 0;
  shape.batches = out.dim(0);
  shape.rows = a.dim(shape.transposed_a ? 2 : 1);
  shape.depth = a.dim(shape.transposed_a ? 1 : 2);
  shape.columns = b.dim(shape.transposed_b ? 1 : 2);
  call.expect(b.dim(shape.transposed_b ? 2 : 1) == shape.depth, "inner extents differ");
  call.expect(out.dim(1) == shape.rows && out.dim(2) == shape.columns, "the output's shape is not [B, M, N]");
  for (const View* side : {&a, &b}) {
    call.expect(side->dim(0) == shape.batches || side->dim(0) == 1, "batch counts must be 1 or the output's");
  }
  if (call.input_count() == 3) {
    call.expect(call.input(2).shape == Shape{shape.columns}, "the bias must have one value a column");
  }
  return shape;
}

template <typename T>
void multiply(const Call& call, MatmulShape shape) {
  const View &a = call.input(0), &b = call.input(1);
  const T* const bias = call.input_count() == 3 ? call.input(2).as<T>() : nullptr;
  // One right-hand side for all: the batches are further rows of a single product.
  if (b.dim(0) == 1 && a.dim(0) == shape.batches && !shape.transposed_a) {
    shape.rows *= shape.batches;
    shape.batches = 1;
  }
  const Index step_a = a.dim(0) == 1 || shape.batches == 1 ? 0 : shape.rows * shape.depth;
  const Index step_b = b.dim(0) == 1 || shape.batches == 1 ? 0 : shape.depth * shape.columns;
  if (thin::is_thin(static_cast<std::size_t>(shape.rows), static_cast<std::size_t>(shape.columns),
                    static_cast<std::size_t>(shape.depth))) {
    const auto size = [](Index extent) { return static_cast<std::size_t>(extent); };
    thin::multiply<T>(call, {size(shape.batches), size(shape.rows), size(shape.columns), size(shape.depth),
                             a.as<T>(), b.as<T>(), size(step_a), size(step_b), shape.transposed_a,
                             shape.transposed_b, bias, call.output(0).as<T>()});
    return;
  }
  const product::Matrix<T> left(a.as<T>(), step_a, shape.transposed_a ? shape.rows : 1,
                                shape.transposed_a ? 1 : shape.depth, shape.depth);
  const product::Matrix<T> right(b.as<T>(), step_b, shape.transposed_b ? 1 : shape.columns,
                                 shape.transposed_b ? shape.depth : 1, shape.depth);
  product::Product<T> job{
      {shape.batches, 1, shape.depth, shape.rows, shape.columns}, left, right, call.output(0).as<T>()};
  job.column_bias = bias;
  product::run_product(call, job);
}

void matmul(const Call& call) {
  const MatmulShape shape = matmul_shape(call);
  dispatch_float(call.output(0).dtype, [&]<typename T>() { multiply<T>(call, shape); });
}

PALIMPSEST_KERNEL("matmul", matmul);

}  // namespace
}  // namespace palimpsest
