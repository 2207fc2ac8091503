#pragma once

#include "core/kernel.h"
#include "kernels/product/operand.h"

namespace palimpsest {

// The factored per-example gradient of a weight: activations A [N, T, I] and cotangents G [N, T, J], either
// with its last two axes exchanged, as attributes 0 and 1 say.
struct Factors {
  std::int64_t examples, steps, rows, columns;
  bool transposed_a, transposed_g;
};

inline Factors factors_of(const Call& call) {
  call.expect_counts(2, 1);
  call.expect(call.attributes().size() == 2, "two attributes expected");
  const View &a = call.input(0), &g = call.input(1);
  call.expect(a.rank() == 3 && g.rank() == 3, "rank 3 expected");
  const bool transposed_a = call.integer(0, 0, 1) != 0, transposed_g = call.integer(1, 0, 1) != 0;
  const Factors factors{a.dim(0),
                        a.dim(transposed_a ? 2 : 1),
                        a.dim(transposed_a ? 1 : 2),
                        g.dim(transposed_g ? 1 : 2),
                        transposed_a,
                        transposed_g};
  call.expect(g.dim(0) == factors.examples, "the two factors must have the same number of examples");
  call.expect(g.dim(transposed_g ? 2 : 1) == factors.steps,
              "the two factors must have the same number of steps");
  return factors;
}

// A factor [N, T, width] (or [N, width, T]) with its steps as the depth of a product, or with its width as
// the depth.
template <typename T>
product::Matrix<T> steps_deep(const T* data, std::int64_t steps, std::int64_t width, bool transposed) {
  return {data, steps * width, transposed ? 1 : width, transposed ? steps : 1, steps};
}

template <typename T>
product::Matrix<T> width_deep(const T* data, std::int64_t steps, std::int64_t width, bool transposed) {
  return {data, steps * width, transposed ? steps : 1, transposed ? 1 : width, width};
}

}  // namespace palimpsest
