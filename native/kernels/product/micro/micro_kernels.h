#pragma once

#include "kernels/product/blocks.h"

namespace palimpsest::product {

// What happens to the finished tile P of a product: C = P, or C += P.
enum class Update { store, add };

// One register tile: P[i, j] = sum_k a(i, k) * b(k, j) over `depth` values of k.
// Rows of the tile are broadcast from `a`, columns are vector lanes loaded from `b`.
template <typename T>
struct Tile {
  Index depth;
  // Rows together: a(i, k) = a[i + k * a_step]. Rows apart: a(i, k) = a[i * a_step + k].
  const T* a;
  Index a_step;
  const T* b;  // b(k, j) = b[k * b_step + j]
  Index b_step;
  T* c;  // C[i, j] = c[i * c_step + j]
  Index c_step;
  Update update = Update::store;
  // What P starts from: nothing, one value a row or one value a column (at most one of the two).
  const T* row_start = nullptr;
  const T* column_start = nullptr;
  // For squares: this many products, one behind the other in `a` and `b`, each squared and added to C.
  Index examples = 1;
};

constexpr int kMaxTileRows = 12;
constexpr int kMaxSquareRows = 6;
constexpr int kMaxVectors = 2;
// The most lanes any instruction set has: buffers that vectors may run over end with this many spare
// elements.
constexpr Index kSlack = 16;

// Blocks of rows x width elements, their rows near_step apart, the blocks block_step apart.
struct Blocks {
  const Index* offsets;  // one a block, into the other side, whose rows are far_step apart
  Index count;
  Index block_step;
  Index rows, width;
  Index near_step, far_step;
};

// The compiled inner loops for one element type and instruction set.
template <typename T>
struct MicroKernels {
  using Run = void (*)(const Tile<T>&);

  int lanes;           // elements of a vector
  int tile_rows;       // the tallest tile, chosen so that accumulators fill the registers
  int square_rows;     // the tallest tile when the output lies in registers too
  Index long_example;  // steps from which on the taller tile is faster for squares
  // [rows apart][rows - 1][vectors - 1]
  Run tile[2][kMaxTileRows][kMaxVectors];
  Run squares_of_short[2][kMaxSquareRows][kMaxVectors];
  Run squares_of_long[2][kMaxTileRows][kMaxVectors];
  // to[k * to_step + i] = from[k * from_step + i] for i < width, k < depth, in ascending order of k. Whole
  // vectors move, so that the elements behind a row of `to` change, and at most `spare` behind the last row
  // of either side are touched.
  void (*copy)(const T* from, Index from_step, Index width, Index depth, T* to, Index to_step, Index spare);
  // to[k * to_step + i] = from[i * from_step + k]. Reads nothing else; changes fewer than kSlack elements of
  // `to` behind a row, the last one included.
  void (*transpose)(const T* from, Index from_step, Index width, Index depth, T* to, Index to_step);
  // As copy, but reads nothing behind the last row of `from`, and what it changes behind a row of `to`, fewer
  // than kSlack elements, becomes zero.
  void (*copy_clearing)(const T* from, Index from_step, Index width, Index depth, T* to, Index to_step);
  // Blocks move from places that `offsets` says to evenly spaced ones, in whole vectors as copy does it, with
  // kSlack to spare on both sides.
  void (*copy_blocks)(const Blocks& blocks, const T* from, T* to);
  // Every row of `to` gains the same row of all blocks of `from`, each shifted right by its offset. Touches,
  // but does not change, fewer than kSlack elements behind a row of `to` and on both sides of the blocks.
  void (*fold)(const Blocks& blocks, const T* from, T* to);
  // The sum of products of two blocks of rows; lanes first, then their sum in double.
  double (*dot)(const T* x, Index x_step, const T* y, Index y_step, Index width, Index depth);

  // So many floats of 16 bits as floats; for float only.
  void (*widen_bfloat16)(const std::uint16_t* from, Index count, float* to);
  void (*widen_float16)(const std::uint16_t* from, Index count, float* to);

  int columns() const { return kMaxVectors * lanes; }
};

// The best ones for this processor.
template <typename T>
const MicroKernels<T>& micro_kernels();

// For processors that multiply and add pairs of bfloat16: kernels of float whose tiles read pairs of neighbours along
// the depth where floats would stand. Sums are of float32; subnormal numbers count as zero.
struct PairKernels {
  MicroKernels<float> tiles;
  // out[j] = the pair of first[j] and second[j].
  void (*interleave)(const std::uint16_t* first, const std::uint16_t* second, Index count, float* out);
};

// Null where the processor has no such instructions.
const PairKernels* pair_kernels();

namespace baseline {
template <typename T>
MicroKernels<T> micro_kernels();
}
namespace avx2 {
template <typename T>
MicroKernels<T> micro_kernels();
}
namespace avx512 {
template <typename T>
MicroKernels<T> micro_kernels();
PairKernels pair_kernels();
}

}  // namespace palimpsest::product
