#pragma once

#include "core/kernel.h"
#include "kernels/product/blocks.h"
#include "kernels/window.h"

namespace palimpsest::product {

// A two-dimensional convolution: images [N, C, H, W], kernels [O, C, kh, kw], outputs [N, O, OH, OW]. With
// groups it is one of N G images of C / G channels that become O / G outputs, where every image has the
// kernels of its group, which is its number modulo G: `examples`, `channels` and `outputs` are those.
struct ConvShape {
  Index examples, channels, height, width;
  Index outputs, out_height, out_width;
  WindowAxis down, across;
  Index groups;

  Index taps() const { return down.kernel * across.kernel; }
  Index patch() const { return channels * taps(); }  // elements of the patch under one output position
  Index positions() const { return out_height * out_width; }
  Index image() const { return channels * height * width; }
  // Whether there is nothing to multiply; extents of empty tensors may be absurd.
  bool empty() const { return examples == 0 || channels == 0 || outputs == 0 || positions() == 0; }
  // Whether a patch is nothing but the cell at its position.
  bool pointwise() const {
    return taps() == 1 && down.stride == 1 && across.stride == 1 && padded_height() == height &&
           padded_width() == width;
  }
  // Extents with their padding.
  Index padded_height() const { return height + down.pad + down.high; }
  Index padded_width() const { return width + across.pad + across.high; }
};

// Checks the three shapes against each other and against attributes 0 to 8: strides, paddings before the
// first cell, dilations, paddings after the last one, each height first, and groups. `kernel` is [O, C / G,
// kh, kw].
ConvShape conv_shape(const Call& call, const Shape& image, const Shape& kernel, const Shape& output);

}  // namespace palimpsest::product
