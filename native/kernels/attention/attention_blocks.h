#pragma once

#include <algorithm>

#include "attention_shape.h"
#include "core/checked.h"
#include "kernels/pieces.h"
#include "kernels/product/micro/micro_kernels.h"

namespace palimpsest {

using product::micro_kernels;
using product::round_up;

// The keys that are worked on together: whole panels for every instruction set.
constexpr Index kKeyBlock = 128;
// Rows of scores lie this far apart: not a power of two, which would put them into few of the cache's sets.
constexpr Index kScoreStep = kKeyBlock + 16;

template <typename T>
T* elements_of(const StoragePtr& storage) {
  return reinterpret_cast<T*>(storage->data());
}

template <typename T>
StoragePtr scratch_of(const Call& call, Index a, Index b) {
  const std::size_t elements = checked_mul(static_cast<std::size_t>(a), static_cast<std::size_t>(b));
  return call.scratch(checked_mul(elements, sizeof(T)));
}

// Rows whose width is a number of whole vectors: those of a tensor, or a copy with zeros behind each of them.
template <typename T>
struct WideRows {
  const T* data;
  Index step;
  StoragePtr copy;
};

template <typename T>
WideRows<T> wide_rows(const Call& call, const View& x) {
  const Index width = x.dim(-1), step = round_up(width, micro_kernels<T>().lanes);
  if (step == width || x.size == 0) return {x.as<T>(), step, nullptr};
  const Index rows = x.size / width;
  StoragePtr copy = scratch_of<T>(call, rows, step);
  T* to = elements_of<T>(copy);
  const T* from = x.as<T>();
  for_each_unit(call.workers, static_cast<std::size_t>(rows), static_cast<double>(width), [&](std::size_t r) {
    const Index row = static_cast<Index>(r);
    std::copy_n(from + row * width, width, to + row * step);
    std::fill_n(to + row * step + width, step - width, T(0));
  });
  return {to, step, std::move(copy)};
}

// The blocks of keys: those of the prefix first, then the others. Blocks start anew behind the prefix, so
// that a block belongs to one of the two.
struct KeyBlocks {
  Index prefix, keys;

  Index in_prefix() const { return product::ceil_div(prefix, kKeyBlock); }
  Index count() const { return in_prefix() + product::ceil_div(keys - prefix, kKeyBlock); }
  Range operator[](Index i) const {
    if (i < in_prefix()) return {i * kKeyBlock, std::min(prefix, (i + 1) * kKeyBlock)};
    const Index begin = prefix + (i - in_prefix()) * kKeyBlock;
    return {begin, std::min(keys, begin + kKeyBlock)};
  }
};

// How wide panels are: what a register tile covers.
template <typename T>
Index panel_columns() {
  return micro_kernels<T>().columns();
}

// Elements that the panels of so many columns and so much depth need.
template <typename T>
std::size_t panel_elements(Index columns, Index depth) {
  const std::size_t across = static_cast<std::size_t>(round_up(columns, panel_columns<T>()));
  return checked_add(checked_mul(across, static_cast<std::size_t>(depth)), product::kSlack);
}

// Rows [count, width] as panels of their transpose, [width, columns] each, for products that sum over the
// width. What lies behind the last row is anything.
template <typename T>
void pack_transposed(const T* rows, Index count, Index width, T* to) {
  const Index columns = panel_columns<T>();
  for (Index begin = 0; begin < count; begin += columns, to += width * columns) {
    const Index height = std::min(columns, count - begin);
    micro_kernels<T>().transpose(rows + begin * width, width, height, width, to, columns);
  }
}

// Rows [count, width] as panels [count, columns], zeros up to the next whole vector: for products that sum
// over the rows. In one piece a tile's part of every row would lie in few of the cache's sets.
template <typename T>
void pack_rows(const T* rows, Index count, Index width, T* to) {
  const Index columns = panel_columns<T>();
  for (Index begin = 0; begin < width; begin += columns, to += count * columns) {
    const Index own = std::min(columns, width - begin);
    micro_kernels<T>().copy_clearing(rows + begin, width, own, count, to, columns);
  }
}

// One register tile of a product: rows of `a`, apart or together, times `depth` rows of a panel.
template <typename T>
void multiply_tile(const T* a, Index a_step, bool apart, Index height, const T* b, Index b_step, Index width,
                   Index depth, T* c, Index c_step, product::Update update) {
  const product::MicroKernels<T>& kernels = micro_kernels<T>();
  product::Tile<T> tile{};
  tile.depth = depth;
  tile.a = a;
  tile.a_step = a_step;
  tile.b = b;
  tile.b_step = b_step;
  tile.c = c;
  tile.c_step = c_step;
  tile.update = update;
  kernels.tile[apart][height - 1][width / kernels.lanes - 1](tile);
}

// The same for all panels of `width` columns (whole vectors), of which each has panel_depth rows.
template <typename T>
void multiply_across(const T* a, Index a_step, bool apart, Index height, const T* panels, Index panel_depth,
                     Index width, Index depth, T* c, Index c_step, product::Update update) {
  const Index columns = panel_columns<T>();
  for (Index column = 0; column < width; column += columns) {
    multiply_tile<T>(a, a_step, apart, height, panels + column * panel_depth, columns,
                     std::min(columns, width - column), depth, c + column, c_step, update);
  }
}

}  // namespace palimpsest
