// The table of max-pooling loops of one instruction set. Bound by reading the plane once per tap row; which cell
// wins is random to a branch predictor, so every choice is a selection between lanes.
#include <type_traits>

#include "kernels/lanes.h"
#include "max_pool_loops.h"

namespace palimpsest {
namespace {

// Places of cells, one per lane of a vector of T. Unsigned, so that a place that nobody has checked may wrap.
template <typename T>
using Place = std::conditional_t<sizeof(T) == sizeof(float), std::uint32_t, std::uint64_t>;

template <typename T, std::size_t... lane>
inline Vector<Place<T>> ramp(std::index_sequence<lane...>) {
  return Vector<Place<T>>{static_cast<Place<T>>(lane)...};
}
template <typename T>
inline Vector<Place<T>> ramp() {
  return ramp<T>(std::make_index_sequence<kLanes<T>>());
}

template <typename T>
constexpr std::size_t lanes_at(WholeVector) {
  return kLanes<T>;
}
template <typename T>
constexpr std::size_t lanes_at(PartOfVector at) {
  return at.count;
}

// Places from and to the row of int32 that they are kept in.
template <typename T, typename At>
inline Vector<Place<T>> places_of(At at, const std::int32_t* row) {
  if constexpr (sizeof(T) == sizeof(float)) {
    return __builtin_bit_cast(Vector<Place<T>>, at(row));
  } else {
    Place<T> lanes[kLanes<T>] = {};
    for (std::size_t i = 0; i < lanes_at<T>(at); ++i) lanes[i] = static_cast<Place<T>>(row[at.index + i]);
    return __builtin_bit_cast(Vector<Place<T>>, lanes);
  }
}
template <typename T, typename At>
inline void put_places(At at, std::int32_t* row, Vector<Place<T>> places) {
  if constexpr (sizeof(T) == sizeof(float)) {
    at.put(row, __builtin_bit_cast(Vector<std::int32_t>, places));
  } else {
    for (std::size_t i = 0; i < lanes_at<T>(at); ++i) {
      row[at.index + i] = static_cast<std::int32_t>(places[i]);
    }
  }
}

// Every second of the cells from `row` on, and no cell after the last of them: the second vector begins one cell
// early.
template <typename T, std::size_t... lane>
inline Vector<T> every_second(Vector<T> low, Vector<T> high, std::index_sequence<lane...>) {
  constexpr std::size_t kHalf = kLanes<T> / 2;
  return __builtin_shufflevector(low, high, (lane < kHalf ? 2 * lane : 2 * lane + 1)...);
}
template <typename T>
inline Vector<T> every_second(WholeVector, const T* row) {
  return every_second<T>(WholeVector{0}(row), WholeVector{kLanes<T> - 1}(row),
                         std::make_index_sequence<kLanes<T>>());
}
template <typename T>
inline Vector<T> every_second(PartOfVector at, const T* row) {
  const std::size_t cells = 2 * at.count - 1;
  const Vector<T> low = PartOfVector{0, cells < kLanes<T> ? cells : kLanes<T>}(row);
  const Vector<T> high = cells < kLanes<T> ? low : PartOfVector{kLanes<T> - 1, cells - (kLanes<T> - 1)}(row);
  return every_second<T>(low, high, std::make_index_sequence<kLanes<T>>());
}

// The cells under one tap of the windows at `at`, of which the first lies at `row`.
template <int kStride, typename T, typename At>
inline Vector<T> cells_at(At at, const T* row, std::int32_t stride) {
  if constexpr (kStride == 1) {
    return At(at)(row - at.index);
  } else if constexpr (kStride == 2) {
    return every_second<T>(at, row);
  } else {
    T lanes[kLanes<T>] = {};
    for (std::size_t i = 0; i < lanes_at<T>(at); ++i) lanes[i] = row[i * static_cast<std::size_t>(stride)];
    Vector<T> v;
    __builtin_memcpy(&v, lanes, kVectorBytes);
    return v;
  }
}

template <int kStride, typename T>
void largest_by(const InnerWindows<T>& w, T* out, std::int32_t* places) {
  const Vector<Place<T>> apart = ramp<T>() * static_cast<Place<T>>(w.stride);
  for_each_vector<T>(w.count, [&](auto at) {
    const std::int32_t first = w.first + static_cast<std::int32_t>(at.index) * w.stride;
    Vector<T> best = cells_at<kStride>(at, w.plane + first, w.stride);
    Vector<Place<T>> place = apart + static_cast<Place<T>>(first);
    for (std::int32_t i = 0; i < w.rows; ++i) {
      for (std::int32_t j = i == 0 ? 1 : 0; j < w.columns; ++j) {
        const std::int32_t tap = first + i * w.width + j;
        const Vector<T> cells = cells_at<kStride>(at, w.plane + tap, w.stride);
        const auto wins = (cells > best) | ((cells != cells) & (best == best));
        best = wins ? cells : best;
        place = wins ? apart + static_cast<Place<T>>(tap) : place;
      }
    }
    at.put(out, best);
    put_places<T>(at, places, place);
  });
}

template <typename T>
void largest(const InnerWindows<T>& windows, T* out, std::int32_t* places) {
  if (windows.stride == 1) return largest_by<1>(windows, out, places);
  if (windows.stride == 2) return largest_by<2>(windows, out, places);
  largest_by<0>(windows, out, places);
}

// Two vectors as pairs, each with one lane of both.
template <typename T, std::size_t first, std::size_t... lane>
inline Vector<T> pairs_from(Vector<T> left, Vector<T> right, std::index_sequence<lane...>) {
  return __builtin_shufflevector(left, right, (first + lane / 2 + (lane % 2) * kLanes<T>)...);
}
template <typename T>
inline void put_pairs(WholeVector, T* row, Vector<T> low, Vector<T> high) {
  WholeVector{0}.put(row, low);
  WholeVector{kLanes<T>}.put(row, high);
}
template <typename T>
inline void put_pairs(PartOfVector at, T* row, Vector<T> low, Vector<T> high) {
  const std::size_t cells = 2 * at.count;
  PartOfVector{0, cells < kLanes<T> ? cells : kLanes<T>}.put(row, low);
  if (cells > kLanes<T>) PartOfVector{kLanes<T>, cells - kLanes<T>}.put(row, high);
}

template <typename T>
void pull_pairs(std::size_t windows, const T* g, const std::int32_t* places, std::int32_t first, T* out) {
  for_each_vector<T>(windows, [&](auto at) {
    const auto start = static_cast<Place<T>>(first) + 2 * static_cast<Place<T>>(at.index);
    const Vector<Place<T>> column = places_of<T>(at, places) - (ramp<T>() * Place<T>(2) + start);
    const Vector<T> cotangents = at(g), none{};
    const Vector<T> left = column == 0 ? cotangents : none, right = column == 1 ? cotangents : none;
    constexpr auto lanes = std::make_index_sequence<kLanes<T>>();
    put_pairs<T>(at, out + 2 * at.index, pairs_from<T, 0>(left, right, lanes),
                 pairs_from<T, kLanes<T> / 2>(left, right, lanes));
  });
}

template <typename T>
constexpr MaxPoolLoops<T> kMaxPoolLoopsOf = {largest<T>, pull_pairs<T>};

}  // namespace
}  // namespace palimpsest
