#include "kernels/product/panels.h"

#include <cstring>

namespace palimpsest::product {
namespace {

// Panels of columns up to this size stay in the second-level cache as a whole.
constexpr Index kShallowBytes = Index{1} << 19;

// A sliver of either side: where it begins, and its size in elements and in whole vectors of them.
struct Strip {
  Index begin, size, width;
};

template <typename T>
void merge(const T* edge, Index edge_step, Index rows, Index columns, Update update, T* c, Index c_step) {
  for (Index i = 0; i < rows; ++i, edge += edge_step, c += c_step) {
    if (update == Update::store) {
      std::memcpy(c, edge, static_cast<std::size_t>(columns) * sizeof(T));
    } else {
      for (Index j = 0; j < columns; ++j) c[j] += edge[j];
    }
  }
}

// Calls `run` for every tile of the output. A tile that sticks out on the right goes through a buffer.
//
// While a sliver of columns passes by all slivers of rows it stays in the first-level cache. Shallow panels
// are read so little that writing the output is what takes time: it is written along its rows then.
template <typename T, typename Run>
void for_each_tile(const PanelProduct<T>& job, Update update, const Run& run) {
  const MicroKernels<T>& kernels = micro_kernels<T>();
  const Index depth = job.depth.depth();
  alignas(64) T edge[kMaxTileRows * kMaxVectors * kSlack];
  const auto compute = [&](const Strip& row, const Strip& column) {
    if (column.begin >= row.begin + row.size + job.diagonal) return;
    const SliverView<T> a = sliver_of(job.a, row.begin, row.size, row.size, depth);
    const SliverView<T> b = sliver_of(job.b, column.begin, column.size, column.width, depth);
    const Index vectors = column.width / kernels.lanes;
    T* const c = job.c + row.begin * job.c_step + column.begin;
    Tile<T> tile{depth, a.data, a.step, b.data, b.step, c, job.c_step, update};
    if (job.row_start != nullptr) tile.row_start = job.row_start + row.begin;
    if (job.column_start != nullptr) tile.column_start = job.column_start + column.begin;
    if (column.size == column.width) {
      run(tile, row.size, vectors, a.apart);
      return;
    }
    tile.c = edge;
    tile.c_step = kernels.columns();
    std::memset(edge, 0, sizeof(edge));
    tile.update = Update::store;
    run(tile, row.size, vectors, a.apart);
    merge(edge, tile.c_step, row.size, column.size, update, c, job.c_step);
  };
  const auto strip = [](Index begin, Index size, Index width) { return Strip{begin, size, width}; };
  const auto rows = [&](const auto& use) {
    job.rows.for_each([&](Index begin, Index size, Index width) { use(strip(begin, size, width)); });
  };
  const auto columns = [&](const auto& use) {
    job.columns.for_each([&](Index begin, Index size, Index width) { use(strip(begin, size, width)); });
  };
  if (depth * job.columns.extent * static_cast<Index>(sizeof(T)) <= kShallowBytes) {
    rows([&](const Strip& row) { columns([&](const Strip& column) { compute(row, column); }); });
  } else {
    columns([&](const Strip& column) { rows([&](const Strip& row) { compute(row, column); }); });
  }
}

}  // namespace

template <typename T>
Index square_tile_rows(Index steps) {
  const MicroKernels<T>& kernels = micro_kernels<T>();
  return steps < kernels.long_example ? kernels.square_rows : kernels.tile_rows;
}

template <typename T>
void multiply_panels(const PanelProduct<T>& job, Update update) {
  const MicroKernels<T>& kernels = job.kernels != nullptr ? *job.kernels : micro_kernels<T>();
  for_each_tile(job, update, [&](const Tile<T>& tile, Index height, Index vectors, bool apart) {
    kernels.tile[apart][height - 1][vectors - 1](tile);
  });
}

template <typename T>
void square_panels(const PanelProduct<T>& job) {
  const MicroKernels<T>& kernels = micro_kernels<T>();
  const bool is_long = job.depth.count >= kernels.long_example;
  for_each_tile(job, Update::add, [&](Tile<T> tile, Index height, Index vectors, bool apart) {
    tile.depth = job.depth.count;
    tile.examples = job.depth.examples;
    if (is_long) {
      kernels.squares_of_long[apart][height - 1][vectors - 1](tile);
    } else {
      kernels.squares_of_short[apart][height - 1][vectors - 1](tile);
    }
  });
}

#define PALIMPSEST_INSTANTIATE(T)                                           \
  template Index square_tile_rows<T>(Index);                                \
  template void multiply_panels(const PanelProduct<T>& job, Update update); \
  template void square_panels(const PanelProduct<T>& job);
PALIMPSEST_INSTANTIATE(float)
PALIMPSEST_INSTANTIATE(double)
#undef PALIMPSEST_INSTANTIATE

}  // namespace palimpsest::product
