#pragma once

#include <cstdint>

namespace palimpsest::product {

// What happens to the finished tile P of a product.
enum class Update {
  store,       // C  = P
  add,         // C += P
  add_square,  // C += P * P, elementwise
};

// One register tile: P[i, j] = sum_k a(i, k) * b(k, j) over `depth` values of k.
// Rows of the tile are broadcast from `a`, columns are vector lanes loaded from `b`.
template <typename T>
struct Tile {
  std::int64_t depth;
  // Rows together: a(i, k) = a[i + k * a_step]. Rows apart: a(i, k) = a[i * a_step + k].
  const T* a;
  std::int64_t a_step;
  const T* b;  // b(k, j) = b[k * b_step + j]
  std::int64_t b_step;
  T* c;  // C[i, j] = c[i * c_step + j]
  std::int64_t c_step;
  Update update = Update::store;
  // What P starts from: nothing, one value a row or one value a column (at most one of the two).
  const T* row_start = nullptr;
  const T* column_start = nullptr;
  // For the square tiles: this many products, one behind the other in `a` and `b`, each squared and added to
  // C.
  std::int64_t examples = 1;
};

constexpr int kMaxTileRows = 12;
constexpr int kMaxSquareRows = 6;
constexpr int kMaxVectors = 2;
// The most lanes any instruction set has: buffers that vectors may run over end with this many spare
// elements.
constexpr std::int64_t kSlack = 16;

// The compiled inner loops for one element type and instruction set.
template <typename T>
struct MicroKernels {
  using Run = void (*)(const Tile<T>&);

  int lanes;                               // elements of a vector
  int tile_rows;                           // the tallest tile, chosen so that accumulators fill the registers
  int square_rows;                         // the tallest tile when the output lies in registers too
  Run tile[2][kMaxTileRows][kMaxVectors];  // [rows apart][rows - 1][vectors - 1]
  Run squares[kMaxSquareRows][kMaxVectors];  // rows together
  // to[k * to_step + i] = from[k * from_step + i] for i < width, k < depth. Reads at most `slack` elements
  // past the last row and writes fewer than kSlack elements past each row, so rows must be written in
  // ascending order.
  void (*copy)(const T* from, std::int64_t from_step, std::int64_t width, std::int64_t depth, T* to,
               std::int64_t to_step, std::int64_t slack);
  // to[k * to_step + i] = from[i * from_step + k]; reads nothing else, writes as `copy` does.
  void (*transpose)(const T* from, std::int64_t from_step, std::int64_t width, std::int64_t depth, T* to,
                    std::int64_t to_step);
  // to[k * to_step + i] += from[k * from_step + i]; reads and rewrites unchanged fewer than kSlack elements
  // past a row.
  void (*add)(const T* from, std::int64_t from_step, std::int64_t width, std::int64_t depth, T* to,
              std::int64_t to_step);
  void (*square)(T* values, std::int64_t count);
  // The sum of products of two blocks of rows; lanes first, then their sum in double.
  double (*dot)(const T* x, std::int64_t x_step, const T* y, std::int64_t y_step, std::int64_t width,
                std::int64_t depth);

  int columns() const { return kMaxVectors * lanes; }
};

// The best ones for this processor.
template <typename T>
const MicroKernels<T>& micro_kernels();

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
}

}  // namespace palimpsest::product
