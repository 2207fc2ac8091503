#include "fold.h"

#include <optional>

#include "core/checked.h"
#include "kernels/product/packed_rows.h"
#include "kernels/product/product.h"
#include "patches.h"

namespace palimpsest::product {
namespace {

// Floats of one block patch x positions: it stays in the second-level cache between the product and the fold.
constexpr Index kBlockElements = 96 * 1024;
// A task computes at least this many patch elements, so that it fills tall tiles.
constexpr Index kFewestPatchRows = 96;
// Cells of all planes of a task, in the third-level cache at most.
constexpr Index kPlaneElements = 1 << 20;

template <typename T>
class Fold {
 public:
  Fold(const Call& call, const ConvShape& conv, const T* gradient, const T* kernels, T* images)
      : call_(call),
        conv_(conv),
        plane_(conv),
        taps_(plane_.taps(conv)),
        images_(images),
        depth_{1, conv.outputs, kPanelDepthBytes / static_cast<Index>(sizeof(T))},
        plane_size_(conv.padded_height() * plane_.row),
        channels_(cut_channels(conv, plane_size_)),
        gradient_(gradient, conv.outputs * conv.positions(), conv.positions(), 1, conv.outputs),
        kernels_(kernels, conv.outputs * conv.patch(), conv.patch(), 1, conv.outputs, conv.groups) {}

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
  // Channels enough for tall tiles, unless their planes would be large.
  static Cut cut_channels(const ConvShape& conv, Index plane_size) {
    const Index fewest = ceil_div(kFewestPatchRows, conv.taps());
    const Index blocks = std::max(conv.channels / fewest, conv.channels * plane_size / kPlaneElements);
    return {conv.channels, ceil_div(conv.channels, std::clamp<Index>(blocks, 1, conv.channels))};
  }

  void compute(Range examples, Range channels) const {
    const Range patch{channels.begin * conv_.taps(), channels.end * conv_.taps()};
    // Blocks of positions: whole lines, or parts of one.
    const Index room = std::max<Index>(kSlack, kBlockElements / patch.size());
    const Cut across{conv_.out_width, std::min(conv_.out_width, room)};
    const Cut down{conv_.out_height, std::max<Index>(1, across.count() > 1 ? 1 : room / conv_.out_width)};
    const Index pitch = round_up(std::min(down.block, down.extent) * across.block, kSlack) + kSlack;
    const Index sum_size = patch.size() * pitch;
    const Index size_a = round_up(PackedRows<T>::elements(kernels_, patch.size(), depth_), kSlack);
    const Index size_b = round_up(gradient_.scratch_size(pitch, depth_.largest()), kSlack);
    const Index planes_size = channels.size() * plane_size_;
    const StoragePtr scratch = call_.scratch(
        checked_mul(static_cast<std::size_t>(planes_size + sum_size + size_a + size_b + kSlack), sizeof(T)));
    T* const panel_a = reinterpret_cast<T*>(scratch->data());
    T* const panel_b = panel_a + size_a;
    T* const sum = panel_b + size_b;
    T* const planes = sum + sum_size;
    std::optional<PackedRows<T>> packed;
    if (kernels_.repeats()) packed.emplace(kernels_, patch, depth_, panel_a);
    const Operand<T>& kernels = packed ? static_cast<const Operand<T>&>(*packed) : kernels_;
    for (Index example = examples.begin; example < examples.end; ++example) {
      std::fill_n(planes, planes_size, T(0));
      for (Index block = 0; block < down.count() * across.count(); ++block) {
        if (call_.workers.cancelled()) return;
        const Range rows = down[block / across.count()], columns = across[block % across.count()];
        const Index begin = rows.begin * conv_.out_width + columns.begin;
        const Range positions{begin, begin + rows.size() * columns.size()};
        multiply_block<T>(kernels, gradient_, example, depth_, patch, positions, panel_a, panel_b, sum,
                          pitch);
        for (Index c = 0; c < channels.size(); ++c) {
          add_channel(sum + c * conv_.taps() * pitch, pitch, rows, columns, planes + c * plane_size_);
        }
      }
      for (Index c = channels.begin; c < channels.end; ++c) {
        store_channel(planes + (c - channels.begin) * plane_size_,
                      images_ + (example * conv_.channels + c) * conv_.height * conv_.width);
      }
    }
  }

  // Adds the values of all taps at these output positions; the taps of a kernel's row together, because they
  // meet in the same rows of the plane.
  void add_channel(const T* values, Index pitch, Range rows, Range columns, T* plane) const {
    const Index across = conv_.across.kernel, step = conv_.down.stride * plane_.row;
    for (Index y = 0; y < conv_.down.kernel; ++y, values += across * pitch) {
      const Blocks blocks{taps_.data(), across, pitch, rows.size(), columns.size(), columns.size(), step};
      T* const corner = plane + rows.begin * step + y * conv_.down.dilation * plane_.row + columns.begin;
      micro_kernels<T>().fold(blocks, values, corner);
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
      plane_.for_each_run({0, conv_.width}, [&](Index x, Index at) {
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
  const Index plane_size_;
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
    const Matrix<T> by_kernel(kernels, conv.outputs * conv.patch(), conv.patch(), 1, conv.outputs,
                              conv.groups);
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
