// Per-example squared gradient norms, by whichever form is cheaper:
// out[n] = sum_ij (sum_t A[n, t, i] G[n, t, j])^2 = sum_st (A_n A_n^T)[s, t] (G_n G_n^T)[s, t].
#include "core/checked.h"
#include "kernels/curvature/factors.h"
#include "kernels/product/convolution/patches.h"
#include "kernels/product/norms.h"

namespace palimpsest {
namespace {

using product::Extents;
using product::GramSide;
using product::PatchDepth;

// Single steps: the norm of an outer product is the product of the norms.
template <typename T>
void outer_norms(const Call& call, const Factors& f, const T* a, const T* g, T* out) {
  constexpr std::int64_t kGrainElements = 1 << 16;
  const std::int64_t grain = 1 + kGrainElements / (1 + f.rows + f.columns);
  call.workers.parallel_range(
      static_cast<std::size_t>(f.examples), static_cast<std::size_t>(grain),
      [&](std::size_t begin, std::size_t end) {
        const auto norm = [](const T* row, std::int64_t width) {
          return product::micro_kernels<T>().dot(row, 0, row, 0, width, 1);
        };
        for (auto n = static_cast<std::int64_t>(begin); n < static_cast<std::int64_t>(end); ++n) {
          out[n] = static_cast<T>(norm(a + n * f.rows, f.rows) * norm(g + n * f.columns, f.columns));
        }
      });
}

void product_norms(const Call& call) {
  const Factors f = factors_of(call);
  const View& out = call.output(0);
  call.expect(out.shape == Shape{f.examples}, "the output's shape is not [N]");
  dispatch_float(out.dtype, [&]<typename T>() {
    const T *const a = call.input(0).as<T>(), *const g = call.input(1).as<T>();
    if (f.steps == 1) {
      outer_norms<T>(call, f, a, g, out.as<T>());
    } else if (product::gram_is_cheaper(f.steps, f.rows, f.columns)) {
      const auto by_a = width_deep(a, f.steps, f.rows, f.transposed_a);
      const auto by_g = width_deep(g, f.steps, f.columns, f.transposed_g);
      product::run_gram_norms(call, f.examples, f.steps, GramSide<T>{by_a, by_a, f.rows},
                              GramSide<T>{by_g, by_g, f.columns}, out.as<T>());
    } else {
      product::run_norms<T>(call, Extents{f.examples, 1, f.steps, f.rows, f.columns},
                            steps_deep(a, f.steps, f.rows, f.transposed_a),
                            steps_deep(g, f.steps, f.columns, f.transposed_g), out.as<T>());
    }
  });
}

// The same for the kernels of a convolution: A_n are the patches of image n.
void product_norms_conv(const Call& call) {
  call.expect_counts(2, 1);
  call.expect(call.attributes().size() == 11, "eleven attributes expected");
  const View &x = call.input(0), &g = call.input(1), &out = call.output(0);
  call.expect(x.rank() == 4 && g.rank() == 4, "rank 4 expected");
  const std::int64_t groups = call.integer(8, 1, kWindowLimit);
  const Shape kernel{g.dim(1), x.dim(1) / groups, call.integer(9, 1, kWindowLimit),
                     call.integer(10, 1, kWindowLimit)};
  const product::ConvShape conv = product::conv_shape(call, x.shape, kernel, g.shape);
  call.expect(out.shape == Shape{x.dim(0)}, "the output's shape is not [N]");
  dispatch_float(out.dtype, [&]<typename T>() {
    // A norm for every group of every image first.
    const StoragePtr parts = groups == 1 ? nullptr : call.scratch(checked_mul(conv.examples, sizeof(T)));
    T* const norms = groups == 1 ? out.as<T>() : reinterpret_cast<T*>(parts->data());
    const T *const images = x.as<T>(), *const gradient = g.as<T>();
    const auto patch = conv.patch(), steps = conv.positions();
    if (product::gram_is_cheaper(steps, patch, conv.outputs)) {
      const auto by_g = width_deep(gradient, steps, conv.outputs, true);
      with_patches(images, conv, PatchDepth::elements, [&](const product::Operand<T>& patches) {
        product::run_gram_norms(call, conv.examples, steps, GramSide<T>{patches, patches, patch},
                                GramSide<T>{by_g, by_g, conv.outputs}, norms);
      });
    } else {
      const auto by_g = steps_deep(gradient, steps, conv.outputs, true);
      with_patches(images, conv, PatchDepth::positions, [&](const product::Operand<T>& patches) {
        product::run_norms<T>(call, Extents{conv.examples, 1, steps, patch, conv.outputs}, patches, by_g,
                              norms);
      });
    }
    for (std::int64_t n = 0; groups > 1 && n < out.size; ++n) {
      double sum = 0;
      for (std::int64_t group = 0; group < groups; ++group) sum += norms[n * groups + group];
      out.as<T>()[n] = static_cast<T>(sum);
    }
  });
}

PALIMPSEST_KERNEL("productNorms", product_norms);
PALIMPSEST_KERNEL("productNormsConv", product_norms_conv);

}  // namespace
}  // namespace palimpsest
