#pragma once

#include <cstdint>
#include <vector>

// The product family as plain loops in double precision: slow, short, clearly right.
namespace palimpsest::test {

using Values = std::vector<double>;
using Index = std::int64_t;

// P[i, j] = sum_t a(t, i) b(t, j) for row-major [T, I] or, transposed, [I, T].
inline Values outer_sum(const double* a, const double* b, Index steps, Index rows, Index columns,
                        bool transposed_a, bool transposed_b) {
  Values sum(static_cast<std::size_t>(rows * columns), 0.0);
  for (Index t = 0; t < steps; ++t) {
    for (Index i = 0; i < rows; ++i) {
      for (Index j = 0; j < columns; ++j) {
        sum[static_cast<std::size_t>(i * columns + j)] += a[transposed_a ? i * steps + t : t * rows + i] *
                                                          b[transposed_b ? j * steps + t : t * columns + j];
      }
    }
  }
  return sum;
}

struct ConvCase {
  Index examples, channels, height, width, outputs, kernel_height, kernel_width;
  Index stride_height, stride_width, pad_height, pad_width, dilation_height, dilation_width;

  static Index extent(Index size, Index kernel, Index stride, Index pad, Index dilation) {
    return (size + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
  }
  Index out_height() const {
    return extent(height, kernel_height, stride_height, pad_height, dilation_height);
  }
  Index out_width() const { return extent(width, kernel_width, stride_width, pad_width, dilation_width); }
  Index positions() const { return out_height() * out_width(); }
  Index patch() const { return channels * kernel_height * kernel_width; }
  Values attributes() const {
    Values values;
    for (const Index value :
         {stride_height, stride_width, pad_height, pad_width, dilation_height, dilation_width, pad_height,
          pad_width, Index{1}}) {
      values.push_back(static_cast<double>(value));
    }
    return values;
  }

  // Calls use(patch element, position, index in the image) for every element that lies on the image.
  template <typename Use>
  void for_each_tap(const Use& use) const {
    for (Index c = 0; c < channels; ++c) {
      for (Index ky = 0; ky < kernel_height; ++ky) {
        for (Index kx = 0; kx < kernel_width; ++kx) {
          for (Index oy = 0; oy < out_height(); ++oy) {
            for (Index ox = 0; ox < out_width(); ++ox) {
              const Index y = oy * stride_height - pad_height + ky * dilation_height;
              const Index x = ox * stride_width - pad_width + kx * dilation_width;
              if (y < 0 || y >= height || x < 0 || x >= width) continue;
              use((c * kernel_height + ky) * kernel_width + kx, oy * out_width() + ox,
                  (c * height + y) * width + x);
            }
          }
        }
      }
    }
  }

  // The patches of one image, [patch, positions].
  Values patches(const double* image) const {
    Values values(static_cast<std::size_t>(patch() * positions()), 0.0);
    for_each_tap([&](Index k, Index t, Index at) {
      values[static_cast<std::size_t>(k * positions() + t)] = image[at];
    });
    return values;
  }
};

}  // namespace palimpsest::test
