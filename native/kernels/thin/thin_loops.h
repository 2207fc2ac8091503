#pragma once

#include <cstddef>

namespace palimpsest::thin {

// A large matrix and a thin one of 1, 2, 4 or 8 rows (kHeights). Both loops read the large one once, in the
// order in which it lies.
constexpr std::size_t kHeights[] = {1, 2, 4, 8};

// E is what the large matrix is stored in: T, or floats of 16 bits, which are widened as they are loaded.
template <typename T, typename E>
struct Piece {
  const T* thin;  // [height, depth]
  std::size_t thin_step;
  const E* large;
  std::size_t large_step;
  std::size_t depth;
  std::size_t width;
  T* out;  // [height, width]
  std::size_t out_step;
};

template <typename T, typename E>
struct ThinLoops {
  // The large matrix is [depth, width]: rows of it times numbers are added to the result, which must be zero.
  void (*add_rows[4])(const Piece<T, E>&);
  // It is [width, depth]: every element of the result is a product of two rows.
  void (*multiply_rows[4])(const Piece<T, E>&);
};

template <typename T, typename E>
struct Loops {
  static const ThinLoops<T, E> baseline;
  static const ThinLoops<T, E> avx2;
  static const ThinLoops<T, E> avx512;
};

// The loops for this processor.
template <typename T, typename E>
const ThinLoops<T, E>& thin_loops();

}  // namespace palimpsest::thin
