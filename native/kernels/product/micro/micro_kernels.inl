// The inner loops, compiled once per instruction set by product.*.cpp in a namespace of their own. Nothing
// here may call an inline function of another header: the linker keeps one copy of those for every processor.
#include <cstdint>
#include <type_traits>
#include <utility>

#if defined(__F16C__)
#include <immintrin.h>
#endif

#include "core/half.h"
#include "micro_kernels.h"

namespace palimpsest::product::PALIMPSEST_ISA {

template <typename T>
constexpr Index kLanes = PALIMPSEST_VECTOR_BYTES / sizeof(T);

template <typename T>
struct VectorOf {
  typedef T type __attribute__((vector_size(PALIMPSEST_VECTOR_BYTES)));
};
template <typename T>
using Vector = typename VectorOf<T>::type;
// Integers as wide as T, for masks.
template <typename T>
using Word = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
template <typename T>
using Words = Vector<Word<T>>;

template <typename T>
inline __attribute__((always_inline)) Vector<T> load(const T* from) {
  Vector<T> value;
  __builtin_memcpy(&value, from, sizeof(value));
  return value;
}

template <typename T>
inline __attribute__((always_inline)) void store(T* to, Vector<T> value) {
  __builtin_memcpy(to, &value, sizeof(value));
}

#include "rearrange.inl"
#include "tile.inl"

template <typename T, bool kRowsApart, int... R>
void fill_tiles(MicroKernels<T>& table, std::integer_sequence<int, R...>) {
  ((table.tile[kRowsApart][R][0] = tile<T, R + 1, 1, kRowsApart>), ...);
  ((table.tile[kRowsApart][R][1] = tile<T, R + 1, 2, kRowsApart>), ...);
  ((table.squares_of_long[kRowsApart][R][0] = squares_of_long<T, R + 1, 1, kRowsApart>), ...);
  ((table.squares_of_long[kRowsApart][R][1] = squares_of_long<T, R + 1, 2, kRowsApart>), ...);
}

template <typename T, bool kRowsApart, int... R>
void fill_squares(MicroKernels<T>& table, std::integer_sequence<int, R...>) {
  ((table.squares_of_short[kRowsApart][R][0] = squares_of_short<T, R + 1, 1, kRowsApart>), ...);
  ((table.squares_of_short[kRowsApart][R][1] = squares_of_short<T, R + 1, 2, kRowsApart>), ...);
}

template <typename T>
MicroKernels<T> micro_kernels() {
  MicroKernels<T> table{};
  table.lanes = static_cast<int>(kLanes<T>);
  table.tile_rows = PALIMPSEST_TILE_ROWS;
  table.square_rows = PALIMPSEST_SQUARE_ROWS;
  table.long_example = PALIMPSEST_LONG_EXAMPLE;
  using TileRows = std::make_integer_sequence<int, PALIMPSEST_TILE_ROWS>;
  using SquareRows = std::make_integer_sequence<int, PALIMPSEST_SQUARE_ROWS>;
  fill_tiles<T, false>(table, TileRows());
  fill_tiles<T, true>(table, TileRows());
  fill_squares<T, false>(table, SquareRows());
  fill_squares<T, true>(table, SquareRows());
  table.copy = copy<T>;
  table.transpose = transpose<T>;
  table.copy_clearing = copy_clearing<T>;
  table.copy_blocks = copy_blocks<T>;
  table.fold = fold<T>;
  table.dot = dot<T>;
  if constexpr (std::is_same_v<T, float>) {
    table.widen_bfloat16 = widen_bfloat16;
    table.widen_float16 = widen_float16;
  }
  return table;
}

template MicroKernels<float> micro_kernels<float>();
template MicroKernels<double> micro_kernels<double>();

}  // namespace palimpsest::product::PALIMPSEST_ISA
