#include "conv_shape.h"

namespace palimpsest::product {
namespace {

// Padded images are copied plane by plane into scratch. Padding that dwarfs both image and output is no
// convolution that anybody means, and would let a few bytes of program ask for gigabytes. The same goes for a
// kernel that no image can be under: empty tensors may have any extents.
constexpr Index kPlaneAllowance = 1 << 16;
constexpr Index kPlaneRatio = 16;
constexpr Index kLargestPlane = Index{1} << 40;

WindowAxis axis(const Call& call, std::size_t index, Index kernel, Index extent, Index positions) {
  WindowAxis result{kernel, call.integer(index, 1, kWindowLimit), call.integer(index + 2, 0, kWindowLimit),
                    call.integer(index + 4, 1, kWindowLimit), call.integer(index + 6, 0, kWindowLimit)};
  call.expect(result.positions(extent) == positions,
              "the output's extent does not follow from stride and padding");
  // With a single position or tap the stride or dilation means nothing; 1 keeps planes small.
  if (positions <= 1) result.stride = 1;
  if (kernel == 1) result.dilation = 1;
  return result;
}

}  // namespace

ConvShape conv_shape(const Call& call, const Shape& image, const Shape& kernel, const Shape& output) {
  call.expect(image.size() == 4 && kernel.size() == 4 && output.size() == 4, "rank 4 expected");
  for (const Shape* shape : {&image, &kernel, &output}) {
    for (const Index extent : *shape) call.expect(extent <= kWindowLimit, "an extent is too large");
  }
  call.expect(output[0] == image[0], "image and output must have the same number of examples");
  const Index groups = call.integer(8, 1, kWindowLimit);
  call.expect(groups == 1 || (groups <= image[1] && groups <= output[1]), "more groups than channels");
  call.expect(image[1] % groups == 0 && output[1] % groups == 0, "the groups must divide the channels");
  call.expect(kernel[1] == image[1] / groups, "kernel and image must have the same channels");
  call.expect(kernel[0] == output[1], "kernel and output must have the same output channels");
  call.expect(kernel[2] >= 1 && kernel[3] >= 1, "the kernel must not be empty");
  const ConvShape shape{image[0] * groups,
                        image[1] / groups,
                        image[2],
                        image[3],
                        output[1] / groups,
                        output[2],
                        output[3],
                        axis(call, 0, kernel[2], image[2], output[2]),
                        axis(call, 1, kernel[3], image[3], output[3]),
                        groups};
  call.expect(shape.height * shape.width <= kLargestPlane && shape.positions() <= kLargestPlane,
              "a plane is too large");
  const Index allowed = kPlaneAllowance + kPlaneRatio * (shape.height * shape.width + shape.positions());
  call.expect(shape.padded_height() <= allowed && shape.padded_width() <= allowed &&
                  shape.padded_height() * shape.padded_width() <= allowed,
              "the padding dwarfs the image");
  call.expect(shape.taps() <= std::min(allowed, kWindowLimit), "the kernel dwarfs the image");
  return shape;
}

}  // namespace palimpsest::product
