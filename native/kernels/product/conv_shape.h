#pragma once

#include "core/kernel.h"
#include "kernels/product/blocks.h"
#include "kernels/window.h"

namespace palimpsest::product {

// A two-dimensional convolution: images [N, C, H, W], kernels [O, C, kh, kw], outputs [N, O, OH, OW].
struct ConvShape {
  Index examples, channels, height, width;
  Index outputs, out_height, out_width;
  WindowAxis down, across;

  Index taps() const { return down.kernel * across.kernel; }
  Index patch() const { return channels * taps(); }  // elements of the patch under one output position
  Index positions() const { return out_height * out_width; }
  Index image() const { return channels * height * width; }
  // Whether there is nothing to multiply; extents of empty tensors may be absurd.
  bool empty() const { return examples == 0 || channels == 0 || outputs == 0 || positions() == 0; }
  // Whether a patch is nothing but the cell at its position.
  bool pointwise() const {
    return taps() == 1 && down.stride == 1 && across.stride == 1 && down.pad == 0 && across.pad == 0;
  }
  // Extents with their padding.
  Index padded_height() const { return height + 2 * down.pad; }
  Index padded_width() const { return width + 2 * across.pad; }
};

// Checks the three shapes against each other and against attributes 0 to 5: strides, paddings, dilations,
// height first. `kernel` is [O, C, kh, kw].
ConvShape conv_shape(const Call& call, const Shape& image, const Shape& kernel, const Shape& output);

}  // namespace palimpsest::product
