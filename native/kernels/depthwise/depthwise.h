#pragma once

#include "core/kernel.h"
#include "kernels/product/convolution/conv_shape.h"

// Convolutions with a group for every channel. There is too little to sum for a product of matrices: what
// counts is that every plane is read once.
namespace palimpsest::depthwise {

// Whether the loops here do this convolution: windows next to each other, one channel a group.
bool applies(const product::ConvShape& conv);

// y = x * w + bias; the bias may be null.
template <typename T>
void forward(const Call& call, const product::ConvShape& conv, const T* x, const T* w, const T* bias, T* y);

// The gradient by the images.
template <typename T>
void input_grad(const Call& call, const product::ConvShape& conv, const T* g, const T* w, T* dx);

// The gradient by the weight: summed over the examples.
template <typename T>
void weight_grad(const Call& call, const product::ConvShape& conv, const T* x, const T* g, T* dw);

}  // namespace palimpsest::depthwise
