#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "sort_key.h"

namespace palimpsest {

inline std::uint64_t key_of(std::uint32_t item) { return item; }
inline std::uint64_t key_of(std::uint64_t item) { return item; }
inline std::uint64_t key_of(const PlacedKey& item) { return item.key; }

// Sorts n items by the bits [first_bit, last_bit) of their keys, digit by digit from the lowest: items with
// equal bits keep their order. The result is in `items`; `spare` holds as many.
template <int digit_bits, typename Item>
void radix_sort(Item* items, Item* spare, std::size_t n, int first_bit, int last_bit) {
  constexpr std::size_t kBuckets = std::size_t{1} << digit_bits;
  constexpr int kMostDigits = (64 + digit_bits - 1) / digit_bits;
  const int digits = (last_bit - first_bit + digit_bits - 1) / digit_bits;
  std::uint32_t counts[kMostDigits][kBuckets];
  std::memset(counts, 0, static_cast<std::size_t>(digits) * sizeof(counts[0]));
  const auto digit_of = [first_bit](const Item& item, int digit) {
    return static_cast<std::size_t>(key_of(item) >> (first_bit + digit * digit_bits)) & (kBuckets - 1);
  };
  for (std::size_t i = 0; i < n; ++i) {
    for (int d = 0; d < digits; ++d) ++counts[d][digit_of(items[i], d)];
  }
  Item *from = items, *to = spare;
  for (int d = 0; d < digits; ++d) {
    std::uint32_t* count = counts[d];
    if (count[digit_of(from[0], d)] == n) continue;  // all have the same digit
    std::uint32_t begin = 0;
    for (std::size_t b = 0; b < kBuckets; ++b) {
      const std::uint32_t own = count[b];
      count[b] = begin;
      begin += own;
    }
    for (std::size_t i = 0; i < n; ++i) to[count[digit_of(from[i], d)]++] = from[i];
    std::swap(from, to);
  }
  if (from != items) std::memcpy(items, from, n * sizeof(Item));
}

// Sorts up to a few hundred thousand items, whose order is total.
template <typename Item>
void sort_items(Item* items, Item* spare, std::size_t n, int first_bit, int last_bit) {
  if (n < 256) {
    std::sort(items, items + n);
  } else if (n < 6000) {
    radix_sort<8>(items, spare, n, first_bit, last_bit);
  } else {
    radix_sort<11>(items, spare, n, first_bit, last_bit);
  }
}

// How many of the first `count` items of the merged sequence come from `a`.
template <typename Item>
std::size_t merge_split(const Item* a, std::size_t a_count, const Item* b, std::size_t b_count,
                        std::size_t count) {
  std::size_t low = count > b_count ? count - b_count : 0, high = std::min(count, a_count);
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    // a[middle] belongs to the first `count` unless b[count - middle - 1] comes before it.
    if (b[count - middle - 1] < a[middle]) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

// The items [begin, end) of two sorted sequences merged; of equal items those of `a` come first.
template <typename Item>
void merge_part(const Item* a, std::size_t a_count, const Item* b, std::size_t b_count, std::size_t begin,
                std::size_t end, Item* out) {
  std::size_t i = merge_split(a, a_count, b, b_count, begin), j = begin - i;
  for (std::size_t k = begin; k < end; ++k) {
    const bool takes_b = i == a_count || (j < b_count && b[j] < a[i]);
    out[k] = takes_b ? b[j++] : a[i++];
  }
}

}  // namespace palimpsest
