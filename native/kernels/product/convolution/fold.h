#pragma once

#include "conv_shape.h"

namespace palimpsest::product {

// The gradient of a convolution with respect to its images: for every example the product of the transposed
// kernels with the output's gradient, patch by position, folded back: every patch element is added to the
// cell it was taken from.
template <typename T>
void run_fold(const Call& call, const ConvShape& conv, const T* gradient, const T* kernels, T* images);

}  // namespace palimpsest::product
