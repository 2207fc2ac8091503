#include "kernels/product/fold.h"

#include "core/checked.h"
#include "kernels/product/patches.h"
#include "kernels/product/product.h"

namespace palimpsest::product {
namespace {

// Floats of one block patch x positions: it stays in the second-level cache between the product and the fold.
constexpr Index kBlockElements = 96 * 1024;
// A task computes at least this many patch elements, so that it fills tall tiles.
constexpr Index kFewestPatchRows = 96;

template <typename T>
class Fold {
 public:
  Fold(const Call& call, const ConvShape& conv, const T* gradient, const T* kernels, T* images)
      : call_(call),
        conv_(conv),
        plane_(conv),
        taps_(plane_.taps(conv)),
        images_(images),
        depth_{1, conv.outputs, static_cast<Index>(1024 / sizeof(T))},
        channels_(cut_channels(conv)),
        gradient_(gradient, conv.outputs * conv.positions(), conv.positions(), 1, conv.outputs),
        kernels_(kernels, 0, conv.patch(), 1, conv.outputs) {}

  void run() {
    const double work = static_cast<double>(conv_.examples * conv_.outputs) *
                        static_cast<double>(conv_.patch() * conv_.positions());
    const Index wanted = tasks_wanted(work);
    const Cut groups{conv_.examples, std::max<Index>(1, conv_.examples * channels_.count() / wanted)};
    call_.workers.parallel_for(
        static_cast<std::size_t>(groups.count() * channels_.count()), [&](std::size_t index) {
          const Index task = static_cast<Index>(index);
          compute(groups[task / channels_.count()], channels_[task % channels_.count()]);
        });
  }

 private:
  static Cut cut_channels(const ConvShape& conv) {
    const Index fewest = ceil_div(kFewestPatchRows, conv.taps());
    const Index blocks = std::max<Index>(1, conv.channels / fewest);
    return {conv.channels, ceil_div(conv.channels, blocks)};
  }

  void compute(Range examples, Range channels) const {
    const Range patch{channels.begin * conv_.taps(), channels.end * conv_.taps()};
    const Index lines = std::max<Index>(1, kBlockElements / patch.size() / conv_.out_width);
    const Cut blocks{conv_.out_height, lines};
    const Index pitch = round_up(std::min(lines, conv_.out_height) * conv_.out_width, kSlack) + kSlack;
    const Index plane_size = conv_.padded_height() * plane_.row;
    const Index sum_size = patch.size() * pitch;
    const Index panel_size = round_up(gradient_.scratch_size(pitch, depth_.largest()), kSlack);
    const StoragePtr scratch = call_.scratch(checked_mul(
        static_cast<std::size_t>(channels.size() * plane_size + sum_size + panel_size + kSlack), sizeof(T)));
    T* const panel = reinterpret_cast<T*>(scratch->data());
    T* const sum = panel + panel_size;
    T* const planes = sum + sum_size;
    for (Index example = examples.begin; example < examples.end; ++example) {
      if (call_.workers.cancelled()) return;
      std::fill_n(planes, channels.size() * plane_size, T(0));
      for (Index b = 0; b < blocks.count(); ++b) {
        const Range rows = blocks[b];
        const Range positions{rows.begin * conv_.out_width, rows.end * conv_.out_width};
        multiply_block<T>(kernels_, gradient_, example, depth_, patch, positions, nullptr, panel, sum, pitch);
        for (Index c = 0; c < channels.size(); ++c) {
          add_channel(sum + c * conv_.taps() * pitch, pitch, rows, planes + c * plane_size);
        }
      }
      for (Index c = channels.begin; c < channels.end; ++c) {
        store_channel(planes + (c - channels.begin) * plane_size,
                      images_ + (example * conv_.channels + c) * conv_.height * conv_.width);
      }
    }
  }

  // Adds the values of all taps at the output rows [rows.begin, rows.end); the taps of a kernel's row
  // together, because they meet in the same rows of the plane.
  void add_channel(const T* values, Index pitch, Range rows, T* plane) const {
    const Index across = conv_.across.kernel, step = conv_.down.stride * plane_.row;
    for (Index y = 0; y < conv_.down.kernel; ++y, values += across * pitch) {
      micro_kernels<T>().fold(
          {taps_.data(), across, pitch, rows.size(), conv_.out_width, conv_.out_width, step}, values,
          plane + rows.begin * step + y * conv_.down.dilation * plane_.row);
    }
  }

  void store_channel(const T* plane, T* image) const {
    const T* from = plane + plane_.top * plane_.row;
    if (plane_.phases == 1) {
      micro_kernels<T>().copy(from + plane_.left, plane_.row, conv_.width, conv_.height, image, conv_.width,
                              0);
      return;
    }
    for (Index y = 0; y < conv_.height; ++y, from += plane_.row, image += conv_.width) {
      plane_.for_each_run(conv_.width, [&](Index x, Index at) {
        for (const T* cell = from + at; x < conv_.width; x += plane_.phases) image[x] = *cell++;
      });
    }
  }

  const Call& call_;
  const ConvShape& conv_;
  const Plane plane_;
  const std::vector<Index> taps_;
  T* const images_;
  const DepthCut depth_;
  const Cut channels_;
  const Matrix<T> gradient_;
  const Matrix<T> kernels_;
};

}  // namespace

template <typename T>
void run_fold(const Call& call, const ConvShape& conv, const T* gradient, const T* kernels, T* images) {
  if (conv.examples == 0 || conv.image() == 0) return;
  if (conv.outputs == 0 || conv.positions() == 0) {
    std::fill_n(images, conv.examples * conv.image(), T(0));
  } else if (conv.pointwise()) {
    // Every patch is a cell of the image: nothing to fold.
    const Matrix<T> by_kernel(kernels, 0, conv.patch(), 1, conv.outputs);
    const Matrix<T> by_gradient(gradient, conv.outputs * conv.positions(), conv.positions(), 1, conv.outputs);
    const Extents extents{conv.examples, 1, conv.outputs, conv.patch(), conv.positions()};
    run_product(call, Product<T>{extents, by_kernel, by_gradient, images});
  } else {
    Fold<T>(call, conv, gradient, kernels, images).run();
  }
}

template void run_fold(const Call&, const ConvShape&, const float*, const float*, float*);
template void run_fold(const Call&, const ConvShape&, const double*, const double*, double*);

}  // namespace palimpsest::product
