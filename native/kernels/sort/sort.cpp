// sort: the elements of every row of [rows, n] in order. argsort: their places, int32; equal elements keep
// their order. Attributes: 1 for descending order. NaN comes last either way.
//
// Rows up to a limit are sorted at once; longer ones in chunks that are merged, cut by their length alone.
#include <limits>

#include "core/kernel.h"
#include "kernels/pieces.h"
#include "radix_sort.h"

namespace palimpsest {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 17;
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

bool checked_direction(const Call& call) {
  call.expect_counts(1, 1);
  call.expect(call.attributes().size() == 1, "one attribute expected");
  call.expect(call.input(0).rank() == 2 && call.output(0).shape == call.input(0).shape,
              "[rows, n] expected, and results of that shape");
  call.expect(call.input(0).dim(1) <= std::numeric_limits<std::int32_t>::max(),
              "the axis is too long for int32 indices");
  return call.integer(0, 0, 1) == 1;
}

void sort(const Call& call) {
  const bool descending = checked_direction(call);
  const View &x = call.input(0), &y = call.output(0);
  call.expect(x.dtype == y.dtype, "the dtypes must be equal");
  if (x.size == 0) return;
  dispatch_comparable(x.dtype, [&]<typename T>() {
    RowSort<Values<T>, T>(call, descending, reinterpret_cast<const T*>(x.data), reinterpret_cast<T*>(y.data))
        .run();
  });
}

void argsort(const Call& call) {
  const bool descending = checked_direction(call);
  const View& x = call.input(0);
  std::int32_t* places = call.output(0).as<std::int32_t>();
  if (x.size == 0) return;
  dispatch_comparable(x.dtype, [&]<typename T>() {
    RowSort<Places<T>, T>(call, descending, reinterpret_cast<const T*>(x.data), places).run();
  });
}

PALIMPSEST_KERNEL("sort", sort);
PALIMPSEST_KERNEL("argsort", argsort);

}  // namespace
}  // namespace palimpsest
