#include "kernels/product/patches.h"

namespace palimpsest::product {
namespace {

// The step between rows of patches: room for the last vector, and an odd number of cache lines, because rows
// at a power of two apart would share a few cache sets.
template <typename T>
Index pitch_of(Index positions) {
  constexpr Index kLine = 64 / sizeof(T);
  return (ceil_div(positions + kMaxVectors * kSlack, kLine) | 1) * kLine;
}

}  // namespace

template <typename T>
Patches<T>::Patches(const T* images, const ConvShape& conv, Depth depth)
    : images_(images), conv_(conv), plane_(conv), depth_(depth) {}

template <typename T>
Index Patches<T>::scratch_size(Index rows, Index depth) const {
  const Index patch = depth_ == Depth::patch ? depth : rows;
  const Index positions = depth_ == Depth::patch ? rows : depth;
  return patch * pitch_of<T>(positions) + conv_.padded_height() * plane_.row + kSlack;
}

template <typename T>
Panel<T> Patches<T>::panel(const DepthBlock& block, Range rows, const Slivers&, Index, T* scratch) const {
  const Range depth{block.begin, block.begin + block.count};
  const Range patch = depth_ == Depth::patch ? depth : rows;
  const Range positions = depth_ == Depth::patch ? rows : depth;
  const Index pitch = pitch_of<T>(positions.size() * block.examples);
  T* const plane = scratch + patch.size() * pitch;
  // Each example overwrites the few elements that the one before it wrote too far.
  for (Index i = 0; i < block.examples; ++i) {
    fill(block.example + i, patch, positions, scratch + i * positions.size(), pitch, plane);
  }
  if (depth_ == Depth::patch) return {scratch, 1, pitch};
  return {scratch, pitch, 1};
}

// The rows [rows.begin, rows.end) of the padded channel; the padding is zero already.
template <typename T>
void Patches<T>::load_channel(Index example, Index channel, Range rows, T* plane) const {
  const T* from = images_ + (example * conv_.channels + channel) * conv_.height * conv_.width;
  const Index first = std::max<Index>(rows.begin, plane_.top);
  const Index last = std::min<Index>(rows.end, plane_.top + conv_.height);
  for (Index y = first; y < last; ++y) {
    const T* source = from + (y - plane_.top) * conv_.width;
    if (plane_.phases == 1) {
      std::copy_n(source, conv_.width, plane + plane_.at(y - rows.begin, plane_.left));
    } else {
      for (Index x = 0; x < conv_.width; ++x) plane[plane_.at(y - rows.begin, plane_.left + x)] = source[x];
    }
  }
}

template <typename T>
void Patches<T>::fill(Index example, Range patch, Range positions, T* to, Index pitch, T* plane) const {
  const MicroKernels<T>& kernels = micro_kernels<T>();
  const Index width = conv_.out_width;
  const Range lines{positions.begin / width, ceil_div(positions.end, width)};
  const Index reach = conv_.down.dilation * (conv_.down.kernel - 1) + 1;
  const Range rows{lines.begin * conv_.down.stride, (lines.end - 1) * conv_.down.stride + reach};
  std::fill_n(plane, rows.size() * plane_.row + kSlack, T(0));
  Index loaded = -1;
  for (Index element = patch.begin; element < patch.end; ++element, to += pitch) {
    const Index channel = element / conv_.taps();
    const Index ky = element % conv_.taps() / conv_.across.kernel, kx = element % conv_.across.kernel;
    if (channel != loaded) load_channel(example, channel, rows, plane);
    loaded = channel;
    const T* from = plane + plane_.at(ky * conv_.down.dilation, kx * conv_.across.dilation);
    const Index step = conv_.down.stride * plane_.row;
    // A first line that begins in its middle, whole lines, a last line that ends in its middle.
    Index position = positions.begin;
    T* target = to;
    const auto copy_lines = [&](Index length, Index count) {
      kernels.copy(from + (position / width - lines.begin) * step + position % width, step, length, count,
                   target, length, kSlack);
      position += length * count;
      target += length * count;
    };
    if (position % width != 0) copy_lines(std::min(width - position % width, positions.end - position), 1);
    if (positions.end - position >= width) copy_lines(width, (positions.end - position) / width);
    if (position < positions.end) copy_lines(positions.end - position, 1);
  }
}

template class Patches<float>;
template class Patches<double>;

}  // namespace palimpsest::product
