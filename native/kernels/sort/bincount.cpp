// bincount: how often each of 0, 1, ..., length - 1 is among the int32 numbers [n]; out: int32 [length].
#include <algorithm>

#include "core/kernel.h"
#include "kernels/indexing/gather_index.h"

namespace palimpsest {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 16;
constexpr std::size_t kMostPieces = 64;
// Longer tables are not worth a copy per piece.
constexpr std::size_t kLongestPart = std::size_t{1} << 15;

void count(const std::int32_t* x, std::size_t n, std::int32_t* counts, std::size_t length) {
  std::fill(counts, counts + length, 0);
  for (std::size_t i = 0; i < n; ++i) ++counts[x[i]];
}

void bincount(const Call& call) {
  call.expect_counts(1, 1);
  call.expect(call.attributes().empty(), "no attributes expected");
  const View &x = call.input(0), &y = call.output(0);
  call.expect(x.rank() == 1 && y.rank() == 1, "vectors expected");
  const std::int32_t* numbers = x.as<std::int32_t>();
  std::int32_t* counts = y.as<std::int32_t>();
  check_indices(call.workers, "bincount", numbers, x.size, y.size);
  const auto n = static_cast<std::size_t>(x.size), length = static_cast<std::size_t>(y.size);
  const std::size_t piece = std::max(kPiece, (n + kMostPieces - 1) / kMostPieces);
  const std::size_t pieces = (n + piece - 1) / piece;
  if (length == 0) return;
  if (pieces <= 1 || length > kLongestPart) return count(numbers, n, counts, length);
  const StoragePtr scratch = call.scratch(pieces * length * sizeof(std::int32_t));
  auto* parts = reinterpret_cast<std::int32_t*>(scratch->data());
  call.workers.parallel_for(pieces, [&](std::size_t p) {
    count(numbers + p * piece, std::min(piece, n - p * piece), parts + p * length, length);
  });
  std::fill(counts, counts + length, 0);
  for (std::size_t p = 0; p < pieces; ++p) {
    for (std::size_t v = 0; v < length; ++v) counts[v] += parts[p * length + v];
  }
}

PALIMPSEST_KERNEL("bincount", bincount);

}  // namespace
}  // namespace palimpsest
