// out = W + A B for a product of small depth, either side transposed: an update of low rank. A B never goes to
// memory, W is read once and the result written once: past the caches where it is larger than they are and rows
// are made one by one (ranks 1, 2 and 4), through them in tiles, whose rows are too short to leave one by one.
//
// Roofline, per element of W: 2 rank multiply-adds against one read and one write. On a machine of 170 GFLOP/s
// and 17 GB/s memory bounds it up to a rank of about 40, arithmetic from there on.
#include <algorithm>

#include "core/checked.h"
#include "core/kernel.h"
#include "kernels/parameter_loops/parameter_loops.h"
#include "kernels/pieces.h"
#include "low_rank_loops.h"

namespace palimpsest {
namespace {

// A block of B (1024 columns at a depth of 64: 256 KiB) stays in the second-level cache for all rows of a piece.
constexpr std::size_t kBlockColumns = 1024;
constexpr double kPieceBytes = 1 << 20;

struct Side {
  std::size_t extent;
  bool along_depth;  // its elements of equal depth lie apart, those of one row or column side by side
};

// Slivers of `width` rows (or columns) of a side, step by step of the depth, zeros behind the last.
template <typename T>
StoragePtr packed(const Call& call, const T* from, Side side, std::size_t depth, std::size_t width) {
  const std::size_t slivers = (side.extent + width - 1) / width;
  const StoragePtr storage = call.scratch(checked_mul(checked_mul(slivers * width, depth), sizeof(T)));
  T* const to = reinterpret_cast<T*>(storage->data());
  for_each_unit(call.workers, slivers, static_cast<double>(width * depth), [&](std::size_t sliver) {
    const std::size_t first = sliver * width, count = std::min(width, side.extent - first);
    T* const mine = to + first * depth;
    for (std::size_t k = 0; k < depth; ++k) {
      T* const row = mine + k * width;
      for (std::size_t i = 0; i < count; ++i)
        row[i] = side.along_depth ? from[(first + i) * depth + k] : from[k * side.extent + first + i];
      std::fill(row + count, row + width, T(0));
    }
  });
  return storage;
}

template <typename T>
void add_product_of(const Call& call, Side left, Side right, std::size_t depth) {
  const T* const w = call.input(2).as<T>();
  T* const out = call.output(0).as<T>();
  const low_rank::Loops<T>& loops = low_rank::loops().of<T>();
  const auto [tall, wide] = loops.tile;
  const StoragePtr a = packed(call, call.input(0).as<T>(), left, depth, tall);
  const StoragePtr b = packed(call, call.input(1).as<T>(), right, depth, wide);
  const std::size_t rows = left.extent, columns = right.extent;
  const bool is_aligned = reinterpret_cast<std::uintptr_t>(out) % 64 == 0 && columns * sizeof(T) % 64 == 0;
  const bool around = is_aligned && write_for(rows * columns * sizeof(T)) == Write::around_cache;
  const std::size_t block_columns = kBlockColumns / wide * wide;
  const std::size_t blocks = (columns + block_columns - 1) / block_columns;
  const double tile_row = static_cast<double>(std::min(columns, block_columns) * tall * sizeof(T));
  const std::size_t block_rows = std::max<std::size_t>(1, static_cast<std::size_t>(kPieceBytes / tile_row)) * tall;
  const std::size_t pieces = (rows + block_rows - 1) / block_rows;
  call.workers.parallel_for(pieces * blocks, [&](std::size_t piece) {
    const std::size_t row = piece / blocks * block_rows, column = piece % blocks * block_columns;
    const std::size_t at = row * columns + column;
    loops.add_product({reinterpret_cast<const T*>(a->data()) + row * depth,
                       reinterpret_cast<const T*>(b->data()) + column * depth, depth,
                       std::min(block_rows, rows - row), std::min(block_columns, columns - column), w + at,
                       out + at, columns, around});
  });
}

// inputs: a and b as for "matmul", without a batch, and W; attributes: whether a and b are transposed.
void add_product(const Call& call) {
  call.expect_counts(3, 1);
  call.expect(call.attributes().size() == 2, "two attributes expected");
  const View &a = call.input(0), &b = call.input(1), &w = call.input(2), &out = call.output(0);
  call.expect(a.rank() == 3 && b.rank() == 3 && a.dim(0) == 1 && b.dim(0) == 1, "two single matrices expected");
  const bool transposed_a = call.integer(0, 0, 1) != 0, transposed_b = call.integer(1, 0, 1) != 0;
  const std::int64_t rows = a.dim(transposed_a ? 2 : 1), depth = a.dim(transposed_a ? 1 : 2);
  const std::int64_t columns = b.dim(transposed_b ? 1 : 2);
  call.expect(b.dim(transposed_b ? 2 : 1) == depth, "inner extents differ");
  call.expect(w.shape == Shape{1, rows, columns} && out.shape == w.shape, "W and the result must be [1, M, N]");
  if (out.size == 0) return;
  dispatch_float(out.dtype, [&]<typename T>() {
    add_product_of<T>(call, {static_cast<std::size_t>(rows), !transposed_a},
                      {static_cast<std::size_t>(columns), transposed_b}, static_cast<std::size_t>(depth));
  });
}

PALIMPSEST_KERNEL("addProduct", add_product);

}  // namespace
}  // namespace palimpsest
