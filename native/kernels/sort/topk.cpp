// topk: the places of the k first elements of every row of [rows, n] in order, int32 [rows, k]. Attributes: 1
// for the largest. Of equal elements the first ones; NaN comes last either way.
#include <algorithm>
#include <limits>

#include "core/checked.h"
#include "core/kernel.h"
#include "kernels/pieces.h"
#include "row_sort.h"
#include "sort_key.h"

namespace palimpsest {
namespace {

// Rows are looked through in stretches of this length, or of some times k, each by itself.
constexpr std::size_t kStretch = std::size_t{1} << 16;
constexpr std::size_t kStretchPerK = 64;
// To find more elements than this in order, long rows are rather sorted, in pieces.
constexpr std::size_t kFew = std::size_t{1} << 16;

template <typename T>
class Selection {
 public:
  using Item = typename Placed<T>::Item;

  // The items kept while looking through a row: a few more than k, so that most items are only compared.
  static std::size_t capacity(std::size_t k) { return 2 * k + 512; }

  Selection(std::size_t k, Item* items) : k_(k), items_(items) {}

  void take(const Item& item) {
    if (has_bound_ && !(item < bound_)) return;
    items_[count_++] = item;
    if (count_ == capacity(k_)) shrink();
  }
  // Leaves the first k items, or fewer when there were fewer, and says how many.
  std::size_t finish() {
    if (count_ > k_) shrink();
    return count_;
  }
  std::size_t finish_in_order() {
    finish();
    std::sort(items_, items_ + count_);
    return count_;
  }

 private:
  void shrink() {
    std::nth_element(items_, items_ + (k_ - 1), items_ + count_);
    count_ = k_;
    bound_ = items_[k_ - 1];
    has_bound_ = true;
  }

  std::size_t k_, count_ = 0;
  Item* items_;
  Item bound_{};
  bool has_bound_ = false;
};

template <typename T>
void topk_rows(const Call& call, const T* x, bool largest, std::size_t rows, std::size_t n, std::size_t k,
               std::int32_t* y) {
  using Item = typename Placed<T>::Item;
  const std::size_t stretch = std::max(kStretch, kStretchPerK * k);
  const std::size_t stretches = (n + stretch - 1) / stretch, room = Selection<T>::capacity(k);
  const auto look_through = [&](std::size_t r, std::size_t begin, std::size_t end, Item* items) {
    Selection<T> selection(k, items);
    for (std::size_t i = begin; i < end; ++i) selection.take(Placed<T>::of(x[r * n + i], largest, i));
    return stretches == 1 ? selection.finish_in_order() : selection.finish();
  };
  if (stretches == 1) {
    call.workers.parallel_range(rows, units_per_piece(2.0 * static_cast<double>(n)),
                                [&](std::size_t first, std::size_t last) {
                                  const StoragePtr scratch = call.scratch(room * sizeof(Item));
                                  Item* items = reinterpret_cast<Item*>(scratch->data());
                                  for (std::size_t r = first; r < last; ++r) {
                                    look_through(r, 0, n, items);
                                    for (std::size_t j = 0; j < k; ++j) {
                                      y[r * k + j] = Placed<T>::place(items[j]);
                                    }
                                  }
                                });
    return;
  }
  const StoragePtr scratch = call.scratch((rows * stretches + 1) * room * sizeof(Item));
  Item* items = reinterpret_cast<Item*>(scratch->data());
  const StoragePtr found_scratch = call.scratch(rows * stretches * sizeof(std::size_t));
  auto* found = reinterpret_cast<std::size_t*>(found_scratch->data());
  call.workers.parallel_for(rows * stretches, [&](std::size_t unit) {
    const std::size_t begin = unit % stretches * stretch;
    found[unit] = look_through(unit / stretches, begin, std::min(begin + stretch, n), items + unit * room);
  });
  // The stretches of a row are joined, in order.
  Item* joined = items + rows * stretches * room;
  for (std::size_t r = 0; r < rows; ++r) {
    Selection<T> selection(k, joined);
    for (std::size_t unit = r * stretches; unit < (r + 1) * stretches; ++unit) {
      for (std::size_t j = 0; j < found[unit]; ++j) selection.take(items[unit * room + j]);
    }
    selection.finish_in_order();
    for (std::size_t j = 0; j < k; ++j) y[r * k + j] = Placed<T>::place(joined[j]);
  }
}

template <typename T>
void topk_by_sorting(const Call& call, const T* x, bool largest, std::size_t rows, std::size_t n,
                     std::size_t k, std::int32_t* y) {
  const StoragePtr scratch = call.scratch(checked_mul(n, rows * sizeof(std::int32_t)));
  auto* const places = reinterpret_cast<std::int32_t*>(scratch->data());
  RowSort<Places<T>, T>(call, largest, x, places).run();
  for_each_unit(call.workers, rows, static_cast<double>(k),
                [&](std::size_t r) { std::copy_n(places + r * n, k, y + r * k); });
}

void topk(const Call& call) {
  call.expect_counts(1, 1);
  call.expect(call.attributes().size() == 1, "one attribute expected");
  const bool largest = call.integer(0, 0, 1) == 1;
  const View &x = call.input(0), &y = call.output(0);
  std::int32_t* places = y.as<std::int32_t>();
  call.expect(x.rank() == 2 && y.rank() == 2 && x.dim(0) == y.dim(0) && y.dim(1) <= x.dim(1),
              "[rows, n] and [rows, k] with k <= n expected");
  call.expect(x.dim(1) <= std::numeric_limits<std::int32_t>::max(), "the axis is too long for int32 indices");
  if (y.size == 0) return;
  const auto rows = static_cast<std::size_t>(x.dim(0)), n = static_cast<std::size_t>(x.dim(1));
  const auto k = static_cast<std::size_t>(y.dim(1));
  dispatch_comparable(x.dtype, [&]<typename T>() {
    const auto* const elements = reinterpret_cast<const T*>(x.data);
    (k > kFew ? topk_by_sorting<T> : topk_rows<T>)(call, elements, largest, rows, n, k, places);
  });
}

PALIMPSEST_KERNEL("topk", topk);

}  // namespace
}  // namespace palimpsest
