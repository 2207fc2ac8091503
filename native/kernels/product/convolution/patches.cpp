#include "patches.h"

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
Patches<T>::Patches(const T* images, const ConvShape& conv, PatchDepth depth, Index image_step)
    : images_(images),
      conv_(conv),
      plane_(conv),
      taps_(plane_.taps(conv)),
      depth_(depth),
      image_step_(image_step) {}

template <typename T>
Index Patches<T>::scratch_size(Index rows, Index depth) const {
  const Index patch = depth_ == PatchDepth::elements ? depth : rows;
  const Index positions = depth_ == PatchDepth::elements ? rows : depth;
  return patch * pitch_of<T>(positions) + conv_.padded_height() * plane_.row + kSlack;
}

template <typename T>
Panel<T> Patches<T>::panel(const DepthBlock& block, Range rows, const Slivers&, Index, T* scratch) const {
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

// Part of a line needs part of the columns; more than a line is taken to need all.
template <typename T>
typename Patches<T>::Window Patches<T>::window_of(Range positions) const {
  const Index width = conv_.out_width;
  const Index first = positions.begin / width, last = (positions.end - 1) / width;
  const auto reach = [](const WindowAxis& axis) { return axis.dilation * (axis.kernel - 1) + 1; };
  Window window{{first * conv_.down.stride, last * conv_.down.stride + reach(conv_.down)}, {0, plane_.pitch}};
  if (first == last) {
    const Index begin = positions.begin % width;
    const Index end = begin + positions.size() + (reach(conv_.across) - 1) / conv_.across.stride;
    window.runs = {begin, std::min(end, plane_.pitch)};
  }
  return window;
}

template <typename T>
void Patches<T>::clear(const Window& window, T* plane) const {
  const Index runs = window.rows.size() * plane_.phases;
  if (window.runs.size() == plane_.pitch) {
    std::fill_n(plane, runs * plane_.pitch + kSlack, T(0));
  } else {
    for (Index i = 0; i < runs; ++i) std::fill_n(plane + i * plane_.pitch, window.runs.size() + kSlack, T(0));
  }
}

// The cells of the image in the window; those of the padding are zero already.
template <typename T>
void Patches<T>::load_channel(Index example, Index channel, const Window& window, T* plane) const {
  const Range rows{std::max(window.rows.begin, plane_.top),
                   std::min(window.rows.end, plane_.top + conv_.height)};
  const Range columns{std::max<Index>(window.runs.begin * plane_.phases - plane_.left, 0),
                      std::min(window.runs.end * plane_.phases - plane_.left, conv_.width)};
  if (rows.size() <= 0 || columns.size() <= 0) return;
  const Index plane_number = example * image_step_ * conv_.channels + channel;
  const Index line = plane_number * conv_.height + rows.begin - plane_.top;
  const T* from = images_ + line * conv_.width;
  T* to = plane + (rows.begin - window.rows.begin) * plane_.row - window.runs.begin;
  if (plane_.phases == 1) {
    // What it clears behind a row is padding, or a row still to come.
    micro_kernels<T>().copy_clearing(from + columns.begin, conv_.width, columns.size(), rows.size(),
                                     to + plane_.left + columns.begin, plane_.row);
    return;
  }
  for (Index y = rows.begin; y < rows.end; ++y, from += conv_.width, to += plane_.row) {
    plane_.for_each_run(columns, [&](Index x, Index at) {
      for (T* cell = to + at; x < columns.end; x += plane_.phases) *cell++ = from[x];
    });
  }
}

// A first line that begins in its middle, whole lines, a last line that ends in its middle.
template <typename T>
std::vector<typename Patches<T>::Lines> Patches<T>::cut_lines(Range positions, const Window& window) const {
  const Index width = conv_.out_width;
  const Index first = positions.begin / width;
  std::vector<Lines> lines;
  for (Index position = positions.begin; position < positions.end;) {
    const Index start = position % width, left = positions.end - position;
    const Index length = std::min(width - start, left);
    const Index count = length == width ? left / width : 1;
    lines.push_back({(position / width - first) * conv_.down.stride * plane_.row + start - window.runs.begin,
                     position - positions.begin, length, count});
    position += length * count;
  }
  return lines;
}

template <typename T>
void Patches<T>::fill(Index example, Range patch, Range positions, T* to, Index pitch, T* plane) const {
  const MicroKernels<T>& kernels = micro_kernels<T>();
  const Window window = window_of(positions);
  const std::vector<Lines> lines = cut_lines(positions, window);
  const Index taps = conv_.taps(), step = conv_.down.stride * plane_.row;
  clear(window, plane);
  for (Index channel = patch.begin / taps; channel * taps < patch.end; ++channel) {
    load_channel(example, channel, window, plane);
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
