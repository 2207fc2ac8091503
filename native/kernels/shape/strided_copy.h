#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/kernel.h"

namespace palimpsest {

// Calls f.template operator()<Unit>() for the unsigned integer of this many bytes: enough to move elements.
template <typename F>
void dispatch_unit(std::size_t element, F&& f) {
  switch (element) {
    case 1:
      return f.template operator()<std::uint8_t>();
    case 2:
      return f.template operator()<std::uint16_t>();
    case 4:
      return f.template operator()<std::uint32_t>();
    case 8:
      return f.template operator()<std::uint64_t>();
    default:
      throw Error("ERR_INTERNAL", "no copy for elements of this size");
  }
}

// One axis of a copy: how many steps, and how far a step goes on either side, in elements.
struct CopyAxis {
  std::int64_t extent;
  std::int64_t from;
  std::int64_t to;
};

// The distances between neighbours along each axis of a row-major tensor. The tensor must not be empty.
std::vector<std::int64_t> strides_of(const Shape& shape);

// to[sum i_k to_k] = from[sum i_k from_k] for all indices i, for elements of 1, 2, 4 or 8 bytes. Axes in the
// order of the loops, outermost first; they may be given as they come: neighbours that can be walked together
// are merged, and a copy that turns rows into columns goes tile by tile. Reading one element many times
// (stride 0) is fine, writing one twice is not.
void strided_copy(const Workers& workers, std::size_t element, std::vector<CopyAxis> axes,
                  const std::byte* from, std::byte* to);

// Fills a tensor of n elements with one element.
void fill(const Workers& workers, std::size_t element, std::int64_t n, const std::byte* value, std::byte* to);

}  // namespace palimpsest
