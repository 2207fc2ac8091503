#include "kernels/product/panels.h"

#include <cstring>

namespace palimpsest::product {
namespace {

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
template <typename T, typename Run>
void for_each_tile(const PanelProduct<T>& job, Update update, const Run& run) {
  const MicroKernels<T>& kernels = micro_kernels<T>();
  const Index depth = job.depth.depth();
  alignas(64) T edge[kMaxTileRows * kMaxVectors * kSlack];
  const Index edge_step = kernels.columns();
  job.columns.for_each([&](Index left, Index width, Index padded) {
    const SliverView<T> b = sliver_of(job.b, left, width, padded, depth);
    const Index vectors = padded / kernels.lanes;
    job.rows.for_each([&](Index top, Index height, Index) {
      const SliverView<T> a = sliver_of(job.a, top, height, height, depth);
      T* const c = job.c + top * job.c_step + left;
      Tile<T> tile{depth, a.data, a.step, b.data, b.step, c, job.c_step, update};
      if (job.row_start != nullptr) tile.row_start = job.row_start + top;
      if (job.column_start != nullptr) tile.column_start = job.column_start + left;
      if (width == padded) {
        run(tile, height, vectors, a.apart);
        return;
      }
      tile.c = edge;
      tile.c_step = edge_step;
      std::memset(edge, 0, sizeof(edge));
      tile.update = Update::store;
      run(tile, height, vectors, a.apart);
      merge(edge, edge_step, height, width, update, c, job.c_step);
    });
  });
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
