// Included by one file per instruction set, with the precautions of lanes.h.
#include "kernels/lanes.h"
#include "low_rank_loops.h"

namespace palimpsest::low_rank {
namespace {

// Accumulators fill the registers but for two vectors of B (AVX-512: 24 of 32; otherwise 8 of 16).
#if defined(__AVX512F__)
constexpr std::size_t kRows = 12;
#else
constexpr std::size_t kRows = 4;
#endif
constexpr std::size_t kVectors = 2;
template <typename T>
constexpr std::size_t kColumns = kVectors * kLanes<T>;

// One tile, which begins with W and so needs no pass of its own over it. What W has `ahead` is fetched meanwhile:
// its rows lie far apart, and a tile is too narrow for the processor to guess them.
template <typename T>
inline __attribute__((always_inline)) void tile(const T* a, const T* b, std::size_t depth, const T* w, T* out,
                                                std::size_t step, std::size_t ahead) {
  Vector<T> sums[kRows][kVectors];
#pragma GCC unroll 12
  for (std::size_t i = 0; i < kRows; ++i) {
#pragma GCC unroll 2
    for (std::size_t v = 0; v < kVectors; ++v) {
      sums[i][v] = WholeVector{v * kLanes<T>}(w + i * step);
      // The address of a tile that may not be there: nothing is read by it.
      __builtin_prefetch(reinterpret_cast<const char*>(w + i * step + v * kLanes<T>) + ahead * sizeof(T));
    }
  }
  for (std::size_t k = 0; k < depth; ++k) {
    Vector<T> right[kVectors];
#pragma GCC unroll 2
    for (std::size_t v = 0; v < kVectors; ++v) right[v] = WholeVector{v * kLanes<T>}(b + k * kColumns<T>);
#pragma GCC unroll 12
    for (std::size_t i = 0; i < kRows; ++i) {
      const Vector<T> left = splat(a[k * kRows + i]);
#pragma GCC unroll 2
      for (std::size_t v = 0; v < kVectors; ++v) sums[i][v] += left * right[v];
    }
  }
#pragma GCC unroll 12
  for (std::size_t i = 0; i < kRows; ++i) {
#pragma GCC unroll 2
    for (std::size_t v = 0; v < kVectors; ++v) WholeVector{v * kLanes<T>}.put(out + i * step, sums[i][v]);
  }
}

// A tile of which only a part is there, by way of a whole one.
template <typename T>
void part_of_tile(const Block<T>& block, std::size_t row, std::size_t column, const T* a, const T* b) {
  const std::size_t rows = block.rows - row < kRows ? block.rows - row : kRows;
  const std::size_t columns = block.columns - column < kColumns<T> ? block.columns - column : kColumns<T>;
  T start[kRows * kColumns<T>] = {}, sums[kRows * kColumns<T>];
  for (std::size_t i = 0; i < rows; ++i) {
    const T* from = block.w + (row + i) * block.step + column;
    for (std::size_t j = 0; j < columns; ++j) start[i * kColumns<T> + j] = from[j];
  }
  tile(a, b, block.depth, start, sums, kColumns<T>, 0);
  for (std::size_t i = 0; i < rows; ++i) {
    T* to = block.out + (row + i) * block.step + column;
    for (std::size_t j = 0; j < columns; ++j) to[j] = sums[i * kColumns<T> + j];
  }
}

// Rows [row, row + kRows) and columns from `column` on, where whole tiles may not fit.
template <typename T>
void tiles_of_row(const Block<T>& block, std::size_t row, std::size_t column) {
  const T* a = block.a + row * block.depth;
  for (; column < block.columns; column += kColumns<T>) {
    const T* b = block.b + column * block.depth;
    if (row + kRows <= block.rows && column + kColumns<T> <= block.columns) {
      const std::size_t at = row * block.step + column;
      tile(a, b, block.depth, block.w + at, block.out + at, block.step, kColumns<T>);
    } else {
      part_of_tile(block, row, column, a, b);
    }
  }
}

// Ranks so low that rows are best made one after the other: out = w + sum_k a_k b_k.
template <typename T, std::size_t kDepth>
void add_rows(const Block<T>& block) {
  for (std::size_t row = 0; row < block.rows; ++row) {
    Vector<T> left[kDepth];
    for (std::size_t k = 0; k < kDepth; ++k)
      left[k] = splat(block.a[row / kRows * kRows * kDepth + k * kRows + row % kRows]);
    const T* const w = block.w + row * block.step;
    T* const out = block.out + row * block.step;
    for (std::size_t column = 0; column < block.columns; column += kColumns<T>) {
      const T* const b = block.b + column * kDepth;
      const std::size_t left_over = block.columns - column;
      const auto add = [&](auto at, std::size_t v) __attribute__((always_inline)) {
        Vector<T> sum = at(w);
#pragma GCC unroll 4
        for (std::size_t k = 0; k < kDepth; ++k) sum += left[k] * WholeVector{v * kLanes<T>}(b + k * kColumns<T>);
        if (block.around_caches) {
          at.stream(out, sum);
        } else {
          at.put(out, sum);
        }
      };
      for (std::size_t v = 0; v < kVectors; ++v) {
        const std::size_t index = column + v * kLanes<T>;
        if (v * kLanes<T> + kLanes<T> <= left_over) {
          add(WholeVector{index}, v);
        } else if (v * kLanes<T> < left_over) {
          add(PartOfVector{index, left_over - v * kLanes<T>}, v);
        }
      }
    }
  }
  if (block.around_caches) end_of_streaming();
}

template <typename T>
void add_product(const Block<T>& block) {
  if (block.depth == 1) return add_rows<T, 1>(block);
  if (block.depth == 2) return add_rows<T, 2>(block);
  if (block.depth == 4) return add_rows<T, 4>(block);
  for (std::size_t row = 0; row < block.rows; row += kRows) tiles_of_row(block, row, 0);
}

constexpr LoopSet kLoops = {{{kRows, kColumns<float>}, add_product<float>},
                            {{kRows, kColumns<double>}, add_product<double>}};

}  // namespace
}  // namespace palimpsest::low_rank
