// Coordinates [M, k] as numbers of elements, [M]: sum_k index_k stride_k. Attributes: per coordinate the extent
// that it must stay below, and its stride.
#include <algorithm>
#include <string>

#include "core/kernel.h"
#include "kernels/pieces.h"

namespace palimpsest {
namespace {

[[noreturn]] void refuse(std::int32_t index, std::size_t position, std::size_t coordinate, std::int64_t extent) {
  throw Error("ERR_INDEX", "index " + std::to_string(index) + " at position " + std::to_string(position) +
                               " of coordinate " + std::to_string(coordinate) + " is outside [0, " +
                               std::to_string(extent) + ")");
}

void flat_index(const Call& call) {
  call.expect_counts(1, 1);
  const View &indices = call.input(0), &y = call.output(0);
  call.expect(indices.rank() == 2 && y.rank() == 1 && indices.dim(0) == y.dim(0), "[M, k] to [M] expected");
  const auto coordinates = static_cast<std::size_t>(indices.dim(1));
  call.expect(call.attributes().size() % 2 == 0 && call.attributes().size() / 2 == coordinates,
              "two attributes a coordinate expected");
  constexpr std::int64_t kLimit = std::int64_t{1} << 31;
  std::vector<std::int64_t> extents, strides;
  double largest = 0;
  for (std::size_t k = 0; k < coordinates; ++k) {
    extents.push_back(call.integer(2 * k, 0, kLimit));
    strides.push_back(call.integer(2 * k + 1, 0, kLimit - 1));
    largest += static_cast<double>(extents[k] - 1) * static_cast<double>(strides[k]);
  }
  call.expect(largest < static_cast<double>(kLimit), "the numbers do not fit int32");
  const std::int32_t* const from = indices.as<std::int32_t>();
  std::int32_t* const to = y.as<std::int32_t>();
  const std::size_t grain = units_per_piece(static_cast<double>(coordinates));
  call.workers.parallel_range(static_cast<std::size_t>(y.size), grain, [&](std::size_t begin, std::size_t end) {
    std::fill(to + begin, to + end, 0);
    for (std::size_t k = 0; k < coordinates; ++k) {
      const std::int64_t extent = extents[k];
      const auto stride = static_cast<std::int32_t>(strides[k]);
      for (std::size_t m = begin; m < end; ++m) {
        const std::int32_t index = from[m * coordinates + k];
        if (index < 0 || index >= extent) refuse(index, m, k, extent);
        to[m] += index * stride;
      }
    }
  });
}

PALIMPSEST_KERNEL("flatIndex", flat_index);

}  // namespace
}  // namespace palimpsest
