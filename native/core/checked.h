#pragma once

#include <cstddef>
#include <cstdint>

#include "error.h"

namespace palimpsest {

// Every size that came from outside is multiplied and added here, so that nothing wraps.
inline std::size_t checked_mul(std::size_t a, std::size_t b) {
  std::size_t product;
  if (__builtin_mul_overflow(a, b, &product)) throw Error("ERR_SIZE", "size overflows 64 bits");
  return product;
}

inline std::size_t checked_add(std::size_t a, std::size_t b) {
  std::size_t sum;
  if (__builtin_add_overflow(a, b, &sum)) throw Error("ERR_SIZE", "size overflows 64 bits");
  return sum;
}

}  // namespace palimpsest
