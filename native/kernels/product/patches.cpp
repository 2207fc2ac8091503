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
Patches<T>::Patches(const T* images, const ConvShape& conv, PatchDepth depth)
    : images_(images), conv_(conv), plane_(conv), taps_(plane_.taps(conv)), depth_(depth) {}

template <typename T>
Index Patches<T>::scratch_size(Index rows, Index depth) const {
  const Index patch = depth_ == PatchDepth::elements ? depth : rows;
  const Index positions = depth_ == PatchDepth::elements ? rows : depth;
  return patch * pitch_of<T>(positions) + conv_.padded_height() * plane_.row + kSlack;
}

template <typename T>
Panel<T> Patches<T>::panel(const DepthBlock& block, Range rows, const Slivers&, T* scratch) const {
  const Range depth{block.begin, block.begin + block.count};
  const Range patch = depth_ == PatchDepth::elements ? depth : rows;
  const Range positions = depth_ == PatchDepth::elements ? rows : depth;
  const Index pitch = pitch_of<T>(positions.size() * block.examples);
  T* const plane = scratch + patch.size() * pitch;
  // Each example overwrites the few elements that the one before it wrote too far.
  for (Index i = 0; i < block.examples; ++i) {
    fill(block.example + i, patch, positions, scratch + i * positions.size(), pitch, plane);
  }
  if (depth_ == PatchDepth::elements) return {scratch, 1, pitch};
  return {scratch, pitch, 1};
}

// The rows [rows.begin, rows.end) of the padded channel; the padding is zero already.
template <typename T>
void Patches<T>::load_channel(Index example, Index channel, Range rows, T* plane) const {
  const Index first = std::max<Index>(rows.begin, plane_.top);
  const Index last = std::min<Index>(rows.end, plane_.top + conv_.height);
  if (first >= last) return;
  const Index row = (example * conv_.channels + channel) * conv_.height + first - plane_.top;
  const T* from = images_ + row * conv_.width;
  T* to = plane + (first - rows.begin) * plane_.row;
  if (plane_.phases == 1) {
    // What it clears behind a row is padding, or a row still to come.
    micro_kernels<T>().copy_clearing(from, conv_.width, conv_.width, last - first, to + plane_.left,
                                     plane_.row);
    return;
  }
  for (Index y = first; y < last; ++y, from += conv_.width, to += plane_.row) {
    plane_.for_each_run(conv_.width, [&](Index x, Index at) {
      for (T* cell = to + at; x < conv_.width; x += plane_.phases) *cell++ = from[x];
    });
  }
}

// A first line that begins in its middle, whole lines, a last line that ends in its middle.
template <typename T>
std::vector<typename Patches<T>::Lines> Patches<T>::cut_lines(Range positions) const {
  const Index width = conv_.out_width;
  const Index first = positions.begin / width;
  std::vector<Lines> lines;
  for (Index position = positions.begin; position < positions.end;) {
    const Index start = position % width, left = positions.end - position;
    const Index length = std::min(width - start, left);
    const Index count = length == width ? left / width : 1;
    lines.push_back({(position / width - first) * conv_.down.stride * plane_.row + start,
                     position - positions.begin, length, count});
    position += length * count;
  }
  return lines;
}

template <typename T>
void Patches<T>::fill(Index example, Range patch, Range positions, T* to, Index pitch, T* plane) const {
  const MicroKernels<T>& kernels = micro_kernels<T>();
  const std::vector<Lines> lines = cut_lines(positions);
  const Index stride = conv_.down.stride, step = stride * plane_.row;
  const Index reach = conv_.down.dilation * (conv_.down.kernel - 1) + 1;
  const Range rows{positions.begin / conv_.out_width * stride,
                   (positions.end - 1) / conv_.out_width * stride + reach};
  std::fill_n(plane, rows.size() * plane_.row + kSlack, T(0));
  const Index taps = conv_.taps();
  for (Index channel = patch.begin / taps; channel * taps < patch.end; ++channel) {
    load_channel(example, channel, rows, plane);
    const Index first = std::max(patch.begin - channel * taps, Index{0});
    const Index count = std::min(patch.end - channel * taps, taps) - first;
    for (const Lines& l : lines) {
      kernels.copy_blocks({taps_.data() + first, count, pitch, l.count, l.length, l.length, step},
                          plane + l.from, to + l.to);
    }
    to += count * pitch;
  }
}

template class Patches<float>;
template class Patches<double>;

}  // namespace palimpsest::product
