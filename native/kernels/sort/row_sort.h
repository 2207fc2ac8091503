#pragma once

#include <algorithm>
#include <type_traits>

#include "column_sort.h"
#include "core/kernel.h"
#include "kernels/pieces.h"
#include "radix_sort.h"

namespace palimpsest {

// Sorts every row of the input [rows, n], or the places of its elements. Short rows are sorted many at a
// time, others up to a limit each at once, longer ones in chunks that are merged, cut by their length alone.
constexpr std::size_t kChunk = std::size_t{1} << 17;
constexpr std::size_t kShortRow = 192;  // longer ones are faster digit by digit
constexpr std::size_t kMergePart = std::size_t{1} << 16;

// A row that is sorted by its elements alone.
template <typename T>
struct Values {
  using Item = typename SortKey<T>::Key;
  using Result = T;
  static constexpr int kFirstBit = 0, kLastBit = 8 * sizeof(Item);

  static Item item(T x, bool descending, std::size_t) { return SortKey<T>::of(x, descending); }
  static Result result(const Item& item, bool descending) { return SortKey<T>::element(item, descending); }
};

// One whose places are wanted.
template <typename T>
struct Places {
  using Item = typename Placed<T>::Item;
  using Result = std::int32_t;
  static constexpr int kFirstBit = sizeof(Item) == 8 ? 32 : 0, kLastBit = 64;

  static Item item(T x, bool descending, std::size_t place) { return Placed<T>::of(x, descending, place); }
  static Result result(const Item& item, bool) { return Placed<T>::place(item); }
};

template <typename Kind, typename T>
class RowSort {
 public:
  using Item = typename Kind::Item;
  using Result = typename Kind::Result;

  RowSort(const Call& call, bool descending, const T* x, Result* y)
      : call_(call),
        descending_(descending),
        rows_(static_cast<std::size_t>(call.input(0).dim(0))),
        n_(static_cast<std::size_t>(call.input(0).dim(1))),
        x_(x),
        y_(y) {}

  void run() const {
    if (n_ > kChunk) {
      for (std::size_t r = 0; r < rows_; ++r) sort_long(x_ + r * n_, y_ + r * n_);
      return;
    }
    if constexpr (std::is_integral_v<Item>) {
      if (n_ <= kShortRow && rows_ > 1) return sort_short();
    }
    const double work = 16.0 * static_cast<double>(n_);
    call_.workers.parallel_range(rows_, units_per_piece(work), [&](std::size_t begin, std::size_t end) {
      const StoragePtr scratch = call_.scratch(2 * n_ * sizeof(Item));
      Item* items = reinterpret_cast<Item*>(scratch->data());
      for (std::size_t r = begin; r < end; ++r) {
        sort_chunk(x_ + r * n_, 0, n_, items, items + n_);
        write(items, y_ + r * n_, 0, n_);
      }
    });
  }

 private:
  void sort_chunk(const T* x, std::size_t begin, std::size_t end, Item* items, Item* spare) const {
    for (std::size_t i = begin; i < end; ++i) items[i - begin] = Kind::item(x[i], descending_, i);
    sort_items(items, spare, end - begin, Kind::kFirstBit, Kind::kLastBit);
  }

  void write(const Item* items, Result* y, std::size_t begin, std::size_t end) const {
    for (std::size_t i = begin; i < end; ++i) y[i] = Kind::result(items[i], descending_);
  }

  // Rows side by side, an item of each in a lane; the last lanes may hold none.
  void sort_short() const {
    constexpr std::size_t kRows = kSortedRows<Item>;
    const double work = 4.0 * static_cast<double>(kRows * n_);
    call_.workers.parallel_range((rows_ + kRows - 1) / kRows, units_per_piece(work),
                                 [&](std::size_t begin, std::size_t end) {
                                   const StoragePtr scratch = call_.scratch(n_ * kRows * sizeof(Item));
                                   Item* items = reinterpret_cast<Item*>(scratch->data());
                                   std::fill(items, items + n_ * kRows, Item(0));
                                   for (std::size_t group = begin; group < end; ++group) {
                                     sort_group(group * kRows, items);
                                   }
                                 });
  }

  void sort_group(std::size_t first, Item* items) const {
    constexpr std::size_t kRows = kSortedRows<Item>;
    const std::size_t count = std::min(kRows, rows_ - first);
    for (std::size_t r = 0; r < count; ++r) {
      const T* const row = x_ + (first + r) * n_;
      for (std::size_t i = 0; i < n_; ++i) items[i * kRows + r] = Kind::item(row[i], descending_, i);
    }
    column_sorts()(items, n_);
    for (std::size_t r = 0; r < count; ++r) {
      Result* const row = y_ + (first + r) * n_;
      for (std::size_t i = 0; i < n_; ++i) row[i] = Kind::result(items[i * kRows + r], descending_);
    }
  }

  void sort_long(const T* x, Result* y) const {
    const StoragePtr scratch = call_.scratch(2 * n_ * sizeof(Item));
    Item *items = reinterpret_cast<Item*>(scratch->data()), *spare = items + n_;
    call_.workers.parallel_range(n_, kChunk, [&](std::size_t begin, std::size_t end) {
      sort_chunk(x, begin, end, items + begin, spare + begin);
    });
    for (std::size_t run = kChunk; run < n_; run *= 2) {
      // Parts do not straddle pairs of runs, whose lengths are multiples of theirs.
      call_.workers.parallel_range(n_, kMergePart, [&](std::size_t begin, std::size_t end) {
        const std::size_t pair = begin / (2 * run) * (2 * run);
        const std::size_t middle = std::min(pair + run, n_), last = std::min(pair + 2 * run, n_);
        merge_part(items + pair, middle - pair, items + middle, last - middle, begin - pair, end - pair,
                   spare + pair);
      });
      std::swap(items, spare);
    }
    call_.workers.parallel_range(n_, kMergePart,
                                 [&](std::size_t begin, std::size_t end) { write(items, y, begin, end); });
  }

  const Call& call_;
  bool descending_;
  std::size_t rows_, n_;
  const T* x_;
  Result* y_;
};

}  // namespace palimpsest
