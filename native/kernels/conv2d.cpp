// Convolution and its two gradients as products whose one side is made of patches while it is packed.
#include "core/kernel.h"
#include "kernels/depthwise/depthwise.h"
#include "kernels/product/convolution/conv_shape.h"
#include "kernels/product/convolution/fold.h"
#include "kernels/product/convolution/patches.h"
#include "kernels/product/product.h"

namespace palimpsest {
namespace {

using product::ConvShape;
using product::Index;
using product::Matrix;
using product::Operand;
using product::PatchDepth;

// y[n, o, t] = sum_k w[o, k] patch[n, k, t] + bias[o]
void conv2d(const Call& call) {
  call.expect(call.input_count() == 2 || call.input_count() == 3,
              "images, kernels and at most a bias expected");
  call.expect_counts(call.input_count(), 1);
  call.expect(call.attributes().size() == 9, "nine attributes expected");
  const View &x = call.input(0), &w = call.input(1), &y = call.output(0);
  const ConvShape conv = product::conv_shape(call, x.shape, w.shape, y.shape);
  const bool biased = call.input_count() == 3;
  if (biased) {
    call.expect(call.input(2).shape == Shape{conv.outputs * conv.groups},
                "the bias must have one value an output channel");
  }
  dispatch_float(y.dtype, [&]<typename T>() {
    if (depthwise::applies(conv)) {
      const T* bias = biased ? call.input(2).as<T>() : nullptr;
      depthwise::forward(call, conv, x.as<T>(), w.as<T>(), bias, y.as<T>());
      return;
    }
    const Index patch = conv.patch();
    const Matrix<T> kernels(w.as<T>(), conv.outputs * patch, 1, patch, patch, conv.groups);
    const product::Extents extents{conv.examples, 1, patch, conv.outputs, conv.positions()};
    with_patches(x.as<T>(), conv, PatchDepth::elements, [&](const Operand<T>& patches) {
      product::Product<T> job{extents, kernels, patches, y.as<T>()};
      if (biased) job.row_bias = call.input(2).as<T>();
      job.biased_batches = conv.groups;
      product::run_product(call, job);
    });
  });
}

// dx = fold(sum_o w[o, k] g[n, o, t])
void conv2d_input_grad(const Call& call) {
  call.expect_counts(2, 1);
  call.expect(call.attributes().size() == 9, "nine attributes expected");
  const View &g = call.input(0), &w = call.input(1), &dx = call.output(0);
  const ConvShape conv = product::conv_shape(call, dx.shape, w.shape, g.shape);
  dispatch_float(dx.dtype, [&]<typename T>() {
    if (depthwise::applies(conv)) {
      depthwise::input_grad(call, conv, g.as<T>(), w.as<T>(), dx.as<T>());
    } else {
      product::run_fold<T>(call, conv, g.as<T>(), w.as<T>(), dx.as<T>());
    }
  });
}

// dw[o, k] = sum_n P_n, or sum_n P_n^2 elementwise, with P_n[k, o] = sum_t patch[n, k, t] g[n, o, t]. Patches
// are the rows of the product and outputs its lanes, because the steps of a patch lie side by side as tiles
// may have them in rows. Group after group: their sums have nothing in common.
void sum_over_examples(const Call& call, product::Reduction reduction) {
  call.expect_counts(2, 1);
  call.expect(call.attributes().size() == 9, "nine attributes expected");
  const View &x = call.input(0), &g = call.input(1), &out = call.output(0);
  const ConvShape conv = product::conv_shape(call, x.shape, out.shape, g.shape);
  dispatch_float(out.dtype, [&]<typename T>() {
    if (depthwise::applies(conv) && reduction == product::Reduction::sum) {
      depthwise::weight_grad(call, conv, x.as<T>(), g.as<T>(), out.as<T>());
      return;
    }
    const Index cells = conv.positions(), kernels = conv.outputs * conv.patch();
    const product::Extents extents{1, conv.examples / conv.groups, cells, conv.patch(), conv.outputs};
    for (Index group = 0; group < conv.groups && out.size > 0; ++group) {
      const T* const first = g.as<T>() + group * conv.outputs * cells;
      const Matrix<T> gradient(first, conv.groups * conv.outputs * cells, 1, cells, cells);
      with_patches(
          x.as<T>() + group * conv.image(), conv, PatchDepth::positions,
          [&](const Operand<T>& patches) {
            product::Product<T> job{extents, patches, gradient, out.as<T>() + group * kernels, reduction};
            job.transposed = true;
            product::run_product(call, job);
          },
          conv.groups);
    }
  });
}

void conv2d_weight_grad(const Call& call) { sum_over_examples(call, product::Reduction::sum); }

void square_sum_conv(const Call& call) { sum_over_examples(call, product::Reduction::squares); }

PALIMPSEST_KERNEL("conv2d", conv2d);
PALIMPSEST_KERNEL("conv2dInputGrad", conv2d_input_grad);
PALIMPSEST_KERNEL("conv2dWeightGrad", conv2d_weight_grad);
PALIMPSEST_KERNEL("squareSumConv", square_sum_conv);

}  // namespace
}  // namespace palimpsest
