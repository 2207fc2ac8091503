// A row of results, past the caches where they would not stay in them anyway: memory is then not read only to be
// overwritten. Included by one file per instruction set, with the precautions of lanes.h.
#pragma once

#include "kernels/lanes.h"
#include "row_loops.h"

namespace palimpsest {
namespace {

// y = value(at) for each vector of a row of n elements. Rows begin anywhere: those that are written past the caches
// begin with a part of a vector that ends where whole ones are aligned.
template <typename T, typename Value>
inline void write_row(std::size_t n, Write write, T* y, Value&& value) {
  if (write == Write::cached || n < 2 * kLanes<T>) {
    for_each_vector<T>(n, [&](auto at) { at.put(y, value(at)); });
    return;
  }
  const std::size_t past = reinterpret_cast<std::uintptr_t>(y) % kVectorBytes;
  std::size_t i = past == 0 ? 0 : (kVectorBytes - past) / sizeof(T);
  if (i > 0) {
    const PartOfVector at{0, i};
    at.put(y, value(at));
  }
  for (; i + kLanes<T> <= n; i += kLanes<T>) {
    const WholeVector at{i};
    at.stream(y, value(at));
  }
  if (i < n) {
    const PartOfVector at{i, n - i};
    at.put(y, value(at));
  }
  end_of_streaming();
}

}  // namespace
}  // namespace palimpsest
