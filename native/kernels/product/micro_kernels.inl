// The inner loops, compiled once per instruction set by product.*.cpp in a namespace of their own. Nothing
// here may call an inline function of another header: the linker keeps one copy of those for every processor.
#include <cstdint>
#include <type_traits>
#include <utility>

#include "kernels/product/micro_kernels.h"

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

#include "kernels/product/rearrange.inl"
#include "kernels/product/tile.inl"

template <typename T, int... R>
void fill_tiles(MicroKernels<T>& table, std::integer_sequence<int, R...>) {
  ((table.tile[0][R][0] = tile<T, R + 1, 1, false>), ...);
  ((table.tile[0][R][1] = tile<T, R + 1, 2, false>), ...);
  ((table.tile[1][R][0] = tile<T, R + 1, 1, true>), ...);
  ((table.tile[1][R][1] = tile<T, R + 1, 2, true>), ...);
}

template <typename T, int... R>
void fill_squares(MicroKernels<T>& table, std::integer_sequence<int, R...>) {
  ((table.squares[0][R][0] = squares<T, R + 1, 1, false>), ...);
  ((table.squares[0][R][1] = squares<T, R + 1, 2, false>), ...);
  ((table.squares[1][R][0] = squares<T, R + 1, 1, true>), ...);
  ((table.squares[1][R][1] = squares<T, R + 1, 2, true>), ...);
}

template <typename T>
MicroKernels<T> micro_kernels() {
  MicroKernels<T> table{};
  table.lanes = static_cast<int>(kLanes<T>);
  table.tile_rows = PALIMPSEST_TILE_ROWS;
  table.square_rows = PALIMPSEST_SQUARE_ROWS;
  fill_tiles(table, std::make_integer_sequence<int, PALIMPSEST_TILE_ROWS>());
  fill_squares(table, std::make_integer_sequence<int, PALIMPSEST_SQUARE_ROWS>());
  table.copy = copy<T>;
  table.transpose = transpose<T>;
  table.copy_clearing = copy_clearing<T>;
  table.copy_blocks = copy_blocks<T>;
  table.fold = fold<T>;
  table.dot = dot<T>;
  return table;
}

template MicroKernels<float> micro_kernels<float>();
template MicroKernels<double> micro_kernels<double>();

}  // namespace palimpsest::product::PALIMPSEST_ISA
