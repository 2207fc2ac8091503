// Included by one file per instruction set, with the precautions of lanes.h: plain loops of constant length,
// which the compiler turns into vector code.
#include "column_sort.h"

namespace palimpsest {
namespace {

// Leaves the smaller item of each row in `a` and the larger in `b`.
template <typename Item>
inline void exchange(Item* __restrict a, Item* __restrict b) {
  for (std::size_t r = 0; r < kSortedRows<Item>; ++r) {
    const Item x = a[r], y = b[r];
    a[r] = x < y ? x : y;
    b[r] = x < y ? y : x;
  }
}

// Batcher's merge exchange, which sorts any number of items: Knuth, The Art of Computer Programming, 5.2.2,
// Algorithm M.
template <typename Item>
void sort_columns(Item* items, std::size_t n) {
  std::size_t top = 1;
  while (2 * top < n) top *= 2;
  for (std::size_t p = top; p > 0; p /= 2) {
    std::size_t distance = p, r = 0;
    for (std::size_t q = top;; q /= 2) {
      for (std::size_t i = 0; i + distance < n; ++i) {
        if ((i & p) != r) continue;
        exchange(items + i * kSortedRows<Item>, items + (i + distance) * kSortedRows<Item>);
      }
      if (q == p) break;
      distance = q - p;
      r = p;
    }
  }
}

constexpr ColumnSorts kColumnSorts = {sort_columns<std::uint32_t>, sort_columns<std::uint64_t>};

}  // namespace
}  // namespace palimpsest
