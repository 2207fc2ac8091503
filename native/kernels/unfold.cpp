// Image patches as rows: unfold [N, C, H, W] -> [N, OH * OW, C * kh * kw] and its transposed map, fold.
#include <algorithm>

#include "core/kernel.h"
#include "kernels/pieces.h"
#include "kernels/window.h"

namespace palimpsest {
namespace {

struct Patches {
  WindowAxis rows;
  WindowAxis columns;
  std::int64_t images, channels, height, width;
  std::int64_t out_height, out_width;
  std::int64_t taps;        // kh * kw
  std::int64_t patch_size;  // channels * taps
};

Patches patches_of(const Call& call, const View& image, const View& patches) {
  call.expect(call.attributes().size() == 10, "10 attributes expected");
  call.expect(image.rank() == 4, "the image side must have rank 4");
  call.expect(patches.rank() == 3, "the patch side must have rank 3");
  Patches p{};
  p.rows = {call.integer(8, 1, kWindowLimit), call.integer(0, 1, kWindowLimit),
            call.integer(2, 0, kWindowLimit), call.integer(4, 1, kWindowLimit),
            call.integer(6, 0, kWindowLimit)};
  p.columns = {call.integer(9, 1, kWindowLimit), call.integer(1, 1, kWindowLimit),
               call.integer(3, 0, kWindowLimit), call.integer(5, 1, kWindowLimit),
               call.integer(7, 0, kWindowLimit)};
  p.images = image.dim(0);
  p.channels = image.dim(1);
  p.height = image.dim(2);
  p.width = image.dim(3);
  p.out_height = p.rows.positions(p.height);
  p.out_width = p.columns.positions(p.width);
  p.taps = p.rows.kernel * p.columns.kernel;
  // Products of hostile extents may not fit 64 bits; once they equal an extent of the other side they are
  // safe.
  const auto is_product = [](std::int64_t value, std::int64_t a, std::int64_t b) {
    std::int64_t product;
    return !__builtin_mul_overflow(a, b, &product) && product == value;
  };
  call.expect(patches.dim(0) == p.images && is_product(patches.dim(1), p.out_height, p.out_width) &&
                  is_product(patches.dim(2), p.channels, p.taps),
              "the patch extents do not follow from the image and the window");
  p.patch_size = patches.dim(2);
  return p;
}

// All patches whose windows start in row `oh` of one image.
template <typename T>
void unfold_row(const Patches& p, const T* image, std::int64_t oh, T* out) {
  const auto rows = p.rows.taps_inside(oh, p.height);
  for (std::int64_t ow = 0; ow < p.out_width; ++ow) {
    const auto columns = p.columns.taps_inside(ow, p.width);
    const bool is_inside =
        rows.low == 0 && rows.high == p.rows.kernel && columns.low == 0 && columns.high == p.columns.kernel;
    if (!is_inside) std::fill(out, out + p.patch_size, T(0));
    for (std::int64_t c = 0; c < p.channels; ++c) {
      for (std::int64_t i = rows.low; i < rows.high; ++i) {
        const std::int64_t h = p.rows.first_cell(oh) + i * p.rows.dilation;
        const T* cells = image + (c * p.height + h) * p.width;
        T* taps = out + c * p.taps + i * p.columns.kernel;
        const std::int64_t w = p.columns.first_cell(ow);
        for (std::int64_t j = columns.low; j < columns.high; ++j) taps[j] = cells[w + j * p.columns.dilation];
      }
    }
    out += p.patch_size;
  }
}

void unfold(const Call& call) {
  call.expect_counts(1, 1);
  const View& x = call.input(0);
  const View& y = call.output(0);
  const Patches p = patches_of(call, x, y);
  dispatch_float(x.dtype, [&]<typename T>() {
    const T* in = x.as<T>();
    T* out = y.as<T>();
    if (y.size == 0) return;
    const std::size_t rows = static_cast<std::size_t>(p.images * p.out_height);
    const std::int64_t row_size = p.out_width * p.patch_size;
    for_each_unit(call.workers, rows, static_cast<double>(row_size), [&](std::size_t unit) {
      const std::int64_t row = static_cast<std::int64_t>(unit);
      const T* image = in + row / p.out_height * p.channels * p.height * p.width;
      unfold_row(p, image, row % p.out_height, out + row * row_size);
    });
  });
}

// A few channels at a time: the planes they add into stay in cache, and the patches are read in runs of whole
// cache lines.
constexpr std::int64_t kChannelBlock = 8;

template <typename T>
void fold_channels(const Patches& p, const T* patch, std::int64_t c_begin, std::int64_t c_end, T* image) {
  std::fill(image + c_begin * p.height * p.width, image + c_end * p.height * p.width, T(0));
  for (std::int64_t oh = 0; oh < p.out_height; ++oh) {
    const auto rows = p.rows.taps_inside(oh, p.height);
    for (std::int64_t ow = 0; ow < p.out_width; ++ow, patch += p.patch_size) {
      const auto columns = p.columns.taps_inside(ow, p.width);
      const std::int64_t w = p.columns.first_cell(ow);
      for (std::int64_t c = c_begin; c < c_end; ++c) {
        for (std::int64_t i = rows.low; i < rows.high; ++i) {
          const std::int64_t h = p.rows.first_cell(oh) + i * p.rows.dilation;
          const T* taps = patch + c * p.taps + i * p.columns.kernel;
          T* cells = image + (c * p.height + h) * p.width;
          const std::int64_t step = p.columns.dilation;
          for (std::int64_t j = columns.low; j < columns.high; ++j) cells[w + j * step] += taps[j];
        }
      }
    }
  }
}

void fold(const Call& call) {
  call.expect_counts(1, 1);
  const View& patches = call.input(0);
  const View& x = call.output(0);
  const Patches p = patches_of(call, x, patches);
  dispatch_float(patches.dtype, [&]<typename T>() {
    const T* in = patches.as<T>();
    T* out = x.as<T>();
    if (x.size == 0) return;
    const std::int64_t blocks = (p.channels + kChannelBlock - 1) / kChannelBlock;
    const std::int64_t windows = p.out_height * p.out_width;
    const double work =
        static_cast<double>(kChannelBlock) * (static_cast<double>(windows) * static_cast<double>(p.taps) +
                                              static_cast<double>(p.height * p.width));
    const std::size_t units = static_cast<std::size_t>(p.images * blocks);
    for_each_unit(call.workers, units, work, [&](std::size_t index) {
      const std::int64_t unit = static_cast<std::int64_t>(index);
      const std::int64_t image = unit / blocks;
      const std::int64_t c = unit % blocks * kChannelBlock;
      fold_channels(p, in + image * windows * p.patch_size, c, std::min(p.channels, c + kChannelBlock),
                    out + image * p.channels * p.height * p.width);
    });
  });
}

PALIMPSEST_KERNEL("unfold", unfold);
PALIMPSEST_KERNEL("fold", fold);

}  // namespace
}  // namespace palimpsest
