// C = A B with either side transposed, batched with broadcasting, and a bias on the columns. Sides of
// 16-bit floats give a C of float32.
#include <algorithm>
#include <type_traits>

#include "core/kernel.h"
#include "kernels/product/half_operand.h"
#include "kernels/product/pair_operand.h"
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

// Floats of 16 bits are widened by the packers, added up as floats, and rounded by whoever stores the result.
template <typename E>
using Sum = std::conditional_t<is_half<E>, float, E>;

template <typename E>
auto side_of(const View& side, Index example_step, Index depth_step, Index row_step, Index depth) {
  if constexpr (is_half<E>) {
    return product::HalfMatrix<E>(side.as<E>(), example_step, depth_step, row_step);
  } else {
    return product::Matrix<E>(side.as<E>(), example_step, depth_step, row_step, depth);
  }
}

// Smaller products are not worth mirroring.
constexpr Index kLeastMirrored = 64;

// X^T X or X X^T: both sides are one value, read the other way round, so that the result is symmetric.
bool is_gram(const Call& call, const MatmulShape& shape) {
  const View &a = call.input(0), &b = call.input(1);
  return call.input_count() == 2 && a.data == b.data && a.shape == b.shape && a.dtype == b.dtype &&
         shape.transposed_a != shape.transposed_b && shape.rows >= kLeastMirrored;
}

// Two steps of depth at once, where the processor can.
void multiply_pairs(const Call& call, const MatmulShape& shape, Index step_a, Index step_b,
                    const float* bias) {
  const product::PairMatrix left(call.input(0).as<BFloat16>(), step_a, shape.transposed_a ? shape.rows : 1,
                                 shape.transposed_a ? 1 : shape.depth, shape.depth);
  const product::PairMatrix right(call.input(1).as<BFloat16>(), step_b,
                                  shape.transposed_b ? 1 : shape.columns,
                                  shape.transposed_b ? shape.depth : 1, shape.depth);
  product::Product<float> job{{shape.batches, 1, product::ceil_div(shape.depth, 2), shape.rows,
                               shape.columns},
                              left, right, call.output(0).as<float>()};
  job.column_bias = bias;
  job.kernels = &product::pair_kernels()->tiles;
  job.symmetric = is_gram(call, shape);
  product::run_product(call, job);
}

template <typename E>
void multiply(const Call& call, MatmulShape shape) {
  using T = Sum<E>;
  const View &a = call.input(0), &b = call.input(1);
  const T* const bias = call.input_count() == 3 ? call.input(2).as<T>() : nullptr;
  // One right-hand side for all: the batches are further rows of a single product.
  if (b.dim(0) == 1 && a.dim(0) == shape.batches && !shape.transposed_a) {
    shape.rows *= shape.batches;
    shape.batches = 1;
  }
  const Index step_a = a.dim(0) == 1 || shape.batches == 1 ? 0 : shape.rows * shape.depth;
  const Index step_b = b.dim(0) == 1 || shape.batches == 1 ? 0 : shape.depth * shape.columns;
  const auto size = [](Index extent) { return static_cast<std::size_t>(extent); };
  if (thin::is_thin(size(shape.rows), size(shape.columns), size(shape.depth))) {
    thin::multiply<T, E>(call, {size(shape.batches), size(shape.rows), size(shape.columns), size(shape.depth),
                             a.as<E>(), b.as<E>(), size(step_a), size(step_b), shape.transposed_a,
                             shape.transposed_b, bias, call.output(0).as<T>()});
    return;
  }
  if constexpr (std::is_same_v<E, BFloat16>) {
    if (product::pair_kernels() != nullptr) return multiply_pairs(call, shape, step_a, step_b, bias);
  }
  const auto left = side_of<E>(a, step_a, shape.transposed_a ? shape.rows : 1,
                               shape.transposed_a ? 1 : shape.depth, shape.depth);
  const auto right = side_of<E>(b, step_b, shape.transposed_b ? 1 : shape.columns,
                                shape.transposed_b ? shape.depth : 1, shape.depth);
  product::Product<T> job{
      {shape.batches, 1, shape.depth, shape.rows, shape.columns}, left, right, call.output(0).as<T>()};
  job.column_bias = bias;
  job.symmetric = is_gram(call, shape);
  product::run_product(call, job);
}

// So few multiply-adds take less time than planning how to do them.
constexpr Index kSmall = 16;

bool is_small(const MatmulShape& shape) {
  Index work = 1;
  for (const Index extent : {shape.batches, shape.rows, shape.columns, std::max<Index>(shape.depth, 1)}) {
    if (extent > kSmall) return false;
    work *= extent;
  }
  return work <= kSmall;
}

// Sums in the order of depth, as they stand: bound by the call itself.
template <typename E>
void multiply_small(const Call& call, const MatmulShape& shape) {
  using T = Sum<E>;
  const View &a = call.input(0), &b = call.input(1);
  const T* const bias = call.input_count() == 3 ? call.input(2).as<T>() : nullptr;
  const Index row_a = shape.transposed_a ? 1 : shape.depth, depth_a = shape.transposed_a ? shape.rows : 1;
  const Index column_b = shape.transposed_b ? shape.depth : 1, depth_b = shape.transposed_b ? 1 : shape.columns;
  const E *left = a.as<E>(), *right = b.as<E>();
  T* out = call.output(0).as<T>();
  for (Index batch = 0; batch < shape.batches; ++batch) {
    for (Index row = 0; row < shape.rows; ++row) {
      for (Index column = 0; column < shape.columns; ++column) {
        T sum = 0;
        for (Index k = 0; k < shape.depth; ++k) {
          sum += static_cast<T>(left[row * row_a + k * depth_a]) *
                 static_cast<T>(right[column * column_b + k * depth_b]);
        }
        *out++ = bias != nullptr ? sum + bias[column] : sum;
      }
    }
    if (a.dim(0) != 1) left += shape.rows * shape.depth;
    if (b.dim(0) != 1) right += shape.depth * shape.columns;
  }
}

void matmul(const Call& call) {
  const MatmulShape shape = matmul_shape(call);
  if (call.input(0).dtype == DType::bfloat16) return multiply<BFloat16>(call, shape);
  if (call.input(0).dtype == DType::float16) return multiply<Float16>(call, shape);
  dispatch_float(call.output(0).dtype, [&]<typename T>() {
    if (is_small(shape)) multiply_small<T>(call, shape);
    else multiply<T>(call, shape);
  });
}

PALIMPSEST_KERNEL("matmul", matmul);

}  // namespace
}  // namespace palimpsest
