#pragma once

#include <cstdint>
#include <type_traits>

namespace palimpsest {

// Elements as unsigned keys that are in the order of the elements: minus zero before zero, every NaN last,
// also in descending order.
template <typename T>
struct SortKey {
  using Key = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;
  static constexpr Key kSign = Key{1} << (8 * sizeof(Key) - 1);
  static constexpr Key kLast = ~Key{0};

  static Key of(T x, bool descending) {
    if constexpr (std::is_floating_point_v<T>) {
      if (x != x) return kLast;
      const Key bits = __builtin_bit_cast(Key, x);
      const Key key = bits ^ ((bits & kSign) != 0 ? kLast : kSign);
      return descending ? ~key : key;
    } else {
      const Key key = std::is_signed_v<T> ? static_cast<Key>(x) ^ kSign : static_cast<Key>(x);
      return descending ? ~key : key;
    }
  }

  static T element(Key key, bool descending) {
    if constexpr (std::is_floating_point_v<T>) {
      if (key == kLast) return static_cast<T>(__builtin_nan(""));
      if (descending) key = ~key;
      return __builtin_bit_cast(T, key ^ ((key & kSign) != 0 ? kSign : kLast));
    } else {
      if (descending) key = ~key;
      return static_cast<T>(std::is_signed_v<T> ? key ^ kSign : key);
    }
  }
};

// A key and the place it comes from: equal keys are in the order of their places, which makes sorting stable.
struct PlacedKey {
  std::uint64_t key;
  std::uint32_t place;

  friend bool operator<(const PlacedKey& a, const PlacedKey& b) {
    return a.key < b.key || (a.key == b.key && a.place < b.place);
  }
};

// What is sorted when the places are wanted: 32-bit keys share a word with them.
template <typename T>
struct Placed {
  using Key = typename SortKey<T>::Key;
  using Item = std::conditional_t<sizeof(Key) == 4, std::uint64_t, PlacedKey>;

  static Item of(T x, bool descending, std::size_t place) {
    const Key key = SortKey<T>::of(x, descending);
    if constexpr (sizeof(Key) == 4) {
      return std::uint64_t{key} << 32 | place;
    } else {
      return {key, static_cast<std::uint32_t>(place)};
    }
  }
  static std::int32_t place(const Item& item) {
    if constexpr (sizeof(Key) == 4) {
      return static_cast<std::int32_t>(item & 0xffffffff);
    } else {
      return static_cast<std::int32_t>(item.place);
    }
  }
};

}  // namespace palimpsest
