#pragma once

#include <vector>

#include "conv_shape.h"
#include "kernels/product/operand.h"

namespace palimpsest::product {

// Where the cells of one padded channel lie in scratch. Columns that are a stride apart lie side by side, so
// that the cells under one tap of neighbouring output positions are always a run of memory, whatever the
// stride.
struct Plane {
  explicit Plane(const ConvShape& conv)
      : phases(conv.across.stride),
        pitch(ceil_div(conv.padded_width(), conv.across.stride)),
        row(phases * pitch),
        top(conv.down.pad),
        left(conv.across.pad) {}

  // Padded row y, column x.
  Index at(Index y, Index x) const { return y * row + x % phases * pitch + x / phases; }
  // Calls use(x, at) for each run of the columns [columns.begin, columns.end) of the image: x, x + phases,
  // ... lie at `at`, at + 1, ... of a row.
  template <typename Use>
  void for_each_run(Range columns, const Use& use) const {
    const Index end = std::min(columns.end, columns.begin + phases);
    for (Index x = columns.begin; x < end; ++x) use(x, at(0, left + x));
  }

  // Where the taps of a kernel lie that stands at the first output position.
  std::vector<Index> taps(const ConvShape& conv) const {
    std::vector<Index> offsets;
    if (conv.empty()) return offsets;
    for (Index y = 0; y < conv.down.kernel; ++y) {
      for (Index x = 0; x < conv.across.kernel; ++x) {
        offsets.push_back(at(y * conv.down.dilation, x * conv.across.dilation));
      }
    }
    return offsets;
  }

  Index phases;
  Index pitch;  // cells of one phase in a row
  Index row;    // cells of a row
  Index top, left;
};

// Which side of a patch matrix is the depth of the product; the other one is its rows.
enum class PatchDepth { elements, positions };

// The patches of a convolution's images as one side of a product, made while packing: (patch element,
// position).
template <typename T>
class Patches : public Operand<T> {
 public:
  // `image_step`: how many images further the one of the next example is.
  Patches(const T* images, const ConvShape& conv, PatchDepth depth, Index image_step = 1);

  Panel<T> panel(const DepthBlock& block, Range rows, const Slivers& slivers, Index uses,
                 T* scratch) const override;
  Index scratch_size(Index rows, Index depth) const override;

 private:
  // The part of a padded channel that a range of positions looks at: rows, and columns as places in a run.
  struct Window {
    Range rows, runs;
  };
  // Lines of output positions: how they lie in the window under tap 0 and in a row of patches.
  struct Lines {
    Index from, to, length, count;
  };

  Window window_of(Range positions) const;
  std::vector<Lines> cut_lines(Range positions, const Window& window) const;
  void fill(Index example, Range patch, Range positions, T* to, Index pitch, T* plane) const;
  void clear(const Window& window, T* plane) const;
  void load_channel(Index example, Index channel, const Window& window, T* plane) const;

  const T* images_;
  ConvShape conv_;
  Plane plane_;
  std::vector<Index> taps_;
  PatchDepth depth_;
  Index image_step_;
};

// Calls use(operand) with the patches of the images, of every `image_step`th of them: with the images
// themselves where a patch is a single cell.
template <typename T, typename Use>
void with_patches(const T* images, const ConvShape& conv, PatchDepth depth, const Use& use,
                  Index image_step = 1) {
  const Index cells = conv.positions();
  if (!conv.pointwise()) {
    use(Patches<T>(images, conv, depth, image_step));
  } else if (depth == PatchDepth::elements) {
    use(Matrix<T>(images, conv.image() * image_step, cells, 1, conv.channels));
  } else {
    use(Matrix<T>(images, conv.image() * image_step, 1, cells, cells));
  }
}

}  // namespace palimpsest::product
