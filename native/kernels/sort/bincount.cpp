// bincount: how often each of 0, 1, ..., length - 1 is among the int32 numbers [n]; out: int32 [length].
#include <algorithm>

#include "core/checked.h"
#include "core/kernel.h"
#include "kernels/indexing/gather_index.h"
#include "kernels/pieces.h"

namespace palimpsest {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 16;
constexpr std::size_t kMostPieces = 64;
// A table of its own pays for a piece of so many times its length.
constexpr std::size_t kNumbersPerPlace = 4;

void bincount(const Call& call) {
  call.expect_counts(1, 1);
  call.expect(call.attributes().empty(), "no attributes expected");
  const View &x = call.input(0), &y = call.output(0);
  call.expect(x.rank() == 1 && y.rank() == 1, "vectors expected");
  const std::int32_t* numbers = x.as<std::int32_t>();
  std::int32_t* counts = y.as<std::int32_t>();
  check_indices(call.workers, "bincount", numbers, x.size, y.size);
  const auto n = static_cast<std::size_t>(x.size), length = static_cast<std::size_t>(y.size);
  if (length == 0) return;
  const std::size_t fit = n / kNumbersPerPlace / length;  // so many tables are no more than the numbers
  const std::size_t tables = std::clamp<std::size_t>(std::min(fit, n / kPiece), 1, kMostPieces);
  const std::size_t share = (n + tables - 1) / tables;
  const StoragePtr scratch =
      call.scratch(tables > 1 ? checked_mul(tables, length * sizeof(std::int32_t)) : 0);
  auto* const parts = tables > 1 ? reinterpret_cast<std::int32_t*>(scratch->data()) : counts;
  call.workers.parallel_for(tables, [&](std::size_t t) {
    std::int32_t* const own = parts + t * length;
    std::fill(own, own + length, 0);
    const std::size_t end = std::min(n, (t + 1) * share);
    for (std::size_t begin = t * share; begin < end && !call.workers.cancelled(); begin += kPiece) {
      for (std::size_t i = begin; i < std::min(end, begin + kPiece); ++i) ++own[numbers[i]];
    }
  });
  if (tables == 1) return;
  const std::size_t grain = units_per_piece(static_cast<double>(tables));
  call.workers.parallel_range(length, grain, [&](std::size_t begin, std::size_t end) {
    std::fill(counts + begin, counts + end, 0);
    for (std::size_t t = 0; t < tables; ++t) {
      for (std::size_t v = begin; v < end; ++v) counts[v] += parts[t * length + v];
    }
  });
}

PALIMPSEST_KERNEL("bincount", bincount);

}  // namespace
}  // namespace palimpsest
