#pragma once

#include <cstddef>
#include <cstdint>

namespace palimpsest {

// Sorts short rows many at a time: items[i * kSortedRows + r] is item i of row r, so that rows lie in lanes,
// and all of them go through the comparisons of one sorting network together.
template <typename Item>
constexpr std::size_t kSortedRows = 64 / sizeof(Item);

struct ColumnSorts {
  void (*words)(std::uint32_t* items, std::size_t n);
  void (*long_words)(std::uint64_t* items, std::size_t n);

  void operator()(std::uint32_t* items, std::size_t n) const { words(items, n); }
  void operator()(std::uint64_t* items, std::size_t n) const { long_words(items, n); }
};

extern const ColumnSorts kBaselineColumnSorts;
#if defined(__x86_64__)
extern const ColumnSorts kAvx2ColumnSorts;
extern const ColumnSorts kAvx512ColumnSorts;
#endif

// Those for this processor.
const ColumnSorts& column_sorts();

}  // namespace palimpsest
