#pragma once

#include <cstddef>
#include <vector>

#include "core/kernel.h"

namespace palimpsest {

struct ReduceAxis {
  std::size_t extent;
  std::size_t stride;  // in elements
};

// Axes as one row-major index: `offset_of` gives the place of the index-th combination of coordinates.
struct ReduceIndex {
  std::vector<ReduceAxis> axes;

  std::size_t count() const {
    std::size_t product = 1;
    for (const ReduceAxis& axis : axes) product *= axis.extent;
    return product;
  }
  std::size_t offset_of(std::size_t index) const {
    if (axes.size() == 1) return index * axes[0].stride;
    std::size_t offset = 0;
    for (std::size_t k = axes.size(); k-- > 0; index /= axes[k].extent) {
      offset += index % axes[k].extent * axes[k].stride;
    }
    return offset;
  }
};

// A reduction in its simplest form: extents of 1 dropped, neighbouring axes of one kind merged, and the
// innermost axis taken out.
struct ReduceLayout {
  ReduceIndex kept;     // without the innermost axis
  ReduceIndex reduced;  // without the innermost axis
  std::size_t inner = 1;
  bool inner_is_reduced = true;
  bool is_empty = false;  // nothing to combine

  // Checks input, output and attributes (the reduced axes, ascending).
  explicit ReduceLayout(const Call& call);
};

}  // namespace palimpsest
