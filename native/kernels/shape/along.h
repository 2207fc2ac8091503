#pragma once

#include <cstddef>
#include <cstdint>

#include "core/kernel.h"
#include "kernels/indexing/gather_index.h"

namespace palimpsest {

// Looking elements up along one axis with indices of their own: table [R, V, I], picks [R, M, I] and indices
// [R, M, J], where J is I (an index an element) or 1 (an index a row of I elements).
struct Along {
  std::size_t blocks, table, picks, inner;
  const std::int32_t* index;
  bool is_rows;

  Along(const Call& call, const char* kernel, const View& tables, const View& indices, const View& values) {
    call.expect(call.attributes().empty(), "no attributes expected");
    call.expect(tables.dtype == values.dtype, "the dtypes must be equal");
    call.expect(tables.rank() == 3 && indices.rank() == 3 && values.rank() == 3, "ranks 3 expected");
    call.expect(tables.dim(0) == values.dim(0) && indices.dim(0) == values.dim(0) &&
                    indices.dim(1) == values.dim(1) && tables.dim(2) == values.dim(2) &&
                    (indices.dim(2) == values.dim(2) || indices.dim(2) == 1),
                "the extents do not agree");
    // No element, no index to be wrong.
    index = indices.as<std::int32_t>();
    if (values.size > 0) check_indices(call.workers, kernel, index, indices.size, tables.dim(1));
    blocks = static_cast<std::size_t>(tables.dim(0));
    table = static_cast<std::size_t>(tables.dim(1));
    picks = static_cast<std::size_t>(values.dim(1));
    inner = static_cast<std::size_t>(tables.dim(2));
    is_rows = indices.dim(2) == 1;
  }

  // Where the pick m of block r comes from, for the element i of its row: an element of the block's table.
  std::size_t place(std::size_t row, std::size_t i) const {
    const std::size_t at = is_rows ? row : row * inner + i;
    return static_cast<std::size_t>(index[at]) * inner + i;
  }
};

}  // namespace palimpsest
