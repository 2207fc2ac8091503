#pragma once

#include <algorithm>

#include "attention_shape.h"
#include "core/checked.h"
#include "kernels/pieces.h"
#include "kernels/product/micro/micro_kernels.h"

namespace palimpsest {

using product::micro_kernels;
using product::round_up;

// A block of scores: so many rows times so many columns, 24 KiB of floats. The columns are whole panels for
// every instruction set.
constexpr Index kQueryBlock = 48;
constexpr Index kKeyBlock = 128;

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

// Transposed keys or values, for products that sum over their width: for every matrix of rows, block of keys
// and panel of columns() keys, [width, columns()]; zeros behind the last key of a block.
template <typename T>
class Panels {
 public:
  Panels(const Call& call, const View& x, KeyBlocks blocks)
      : blocks_(blocks), width_(x.dim(-1)), columns_(micro_kernels<T>().columns()) {
    const Index matrices = x.size == 0 ? 0 : x.dim(0) * x.dim(1);
    storage_ = scratch_of<T>(call, checked(matrices, blocks_.count()), checked(width_, kKeyBlock));
    const T* from = x.as<T>();
    const std::size_t units = static_cast<std::size_t>(matrices * blocks_.count());
    for_each_unit(call.workers, units, static_cast<double>(width_ * kKeyBlock), [&](std::size_t unit) {
      const Index matrix = static_cast<Index>(unit) / blocks_.count();
      const Index block = static_cast<Index>(unit) % blocks_.count();
      pack(from + matrix * blocks_.keys * width_, blocks_[block], at(matrix, block));
    });
  }

  // The panels of a block, panel_step() apart.
  T* at(Index matrix, Index block) const {
    return elements_of<T>(storage_) + (matrix * blocks_.count() + block) * width_ * kKeyBlock;
  }
  Index panel_step() const { return width_ * columns_; }

 private:
  static Index checked(Index a, Index b) {
    return static_cast<Index>(checked_mul(static_cast<std::size_t>(a), static_cast<std::size_t>(b)));
  }

  void pack(const T* rows, Range keys, T* to) const {
    for (Index begin = keys.begin; begin < keys.end; begin += columns_, to += panel_step()) {
      const Index count = std::min(columns_, keys.end - begin);
      const T* from = rows + begin * width_;
      if (count == columns_) {
        micro_kernels<T>().transpose(from, width_, columns_, width_, to, columns_);
        continue;
      }
      for (Index d = 0; d < width_; ++d) {
        T* const row = to + d * columns_;
        for (Index i = 0; i < count; ++i) row[i] = from[i * width_ + d];
        for (Index i = count; i < columns_; ++i) row[i] = T(0);
      }
    }
  }

  KeyBlocks blocks_;
  Index width_;
  Index columns_;
  StoragePtr storage_;
};

// The left side of a product: a(i, k) = data[i * step + k] with rows apart, data[i + k * step] together.
template <typename T>
struct Left {
  const T* data;
  Index step;
  bool apart;
};

// The right side: b(k, j) = data[k * step + j], where column j of panel p is data[p * panel_step + ...].
template <typename T>
struct Right {
  const T* data;
  Index step;
  Index panel_step;
};

// c[rows, columns] (=, +=) left right over `depth`; columns are whole vectors.
template <typename T>
void multiply(Left<T> left, Right<T> right, Index rows, Index columns, Index depth, T* c, Index c_step,
              product::Update update) {
  const product::MicroKernels<T>& kernels = micro_kernels<T>();
  const product::Slivers across{columns, kernels.columns(), kernels.lanes};
  const product::Slivers down{rows, kernels.tile_rows};
  Index panel = 0;
  across.for_each([&](Index column, Index, Index width) {
    const T* b = right.data + panel++ * right.panel_step;
    down.for_each([&](Index row, Index height, Index) {
      product::Tile<T> tile{};
      tile.depth = depth;
      tile.a = left.data + row * (left.apart ? left.step : 1);
      tile.a_step = left.step;
      tile.b = b;
      tile.b_step = right.step;
      tile.c = c + row * c_step + column;
      tile.c_step = c_step;
      tile.update = update;
      kernels.tile[left.apart][height - 1][width / kernels.lanes - 1](tile);
    });
  });
}

}  // namespace palimpsest
