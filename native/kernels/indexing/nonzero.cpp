// The coordinates of the elements that are not zero, in row-major order: x -> int32 [count, rank]. There must be
// `count` of them.
#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "core/kernel.h"

namespace palimpsest {
namespace {

constexpr std::size_t kPiece = 1 << 16;

template <typename T>
void nonzero_as(const Call& call, const View& x, const View& y) {
  const T* const from = reinterpret_cast<const T*>(x.data);
  std::int32_t* const to = y.as<std::int32_t>();
  const auto size = static_cast<std::size_t>(x.size), rank = x.shape.size();
  // How many there are before each piece.
  std::vector<std::int64_t> before((size + kPiece - 1) / kPiece + 1);
  const auto for_each_piece = [&](auto&& body) {
    call.workers.parallel_for(before.size() - 1, [&](std::size_t piece) {
      body(piece, piece * kPiece, std::min(size, (piece + 1) * kPiece));
    });
  };
  for_each_piece([&](std::size_t piece, std::size_t begin, std::size_t end) {
    before[piece + 1] = std::count_if(from + begin, from + end, [](T value) { return value != T(0); });
  });
  for (std::size_t piece = 1; piece < before.size(); ++piece) before[piece] += before[piece - 1];
  if (before.back() != y.dim(0)) {
    throw Error("ERR_VALUE", "nonzero: " + std::to_string(y.dim(0)) + " elements other than zero expected, there are " +
                                 std::to_string(before.back()));
  }
  for_each_piece([&](std::size_t piece, std::size_t begin, std::size_t end) {
    std::int32_t* out = to + static_cast<std::size_t>(before[piece]) * rank;
    std::vector<std::int32_t> at(rank);  // the coordinates of element i
    std::size_t rest = begin;
    for (std::size_t k = rank; k-- > 0;) {
      at[k] = static_cast<std::int32_t>(rest % static_cast<std::size_t>(x.shape[k]));
      rest /= static_cast<std::size_t>(x.shape[k]);
    }
    for (std::size_t i = begin; i < end; ++i) {
      if (from[i] != T(0)) out = std::copy(at.begin(), at.end(), out);
      for (std::size_t k = rank; k-- > 0 && ++at[k] == x.shape[k];) at[k] = 0;
    }
  });
}

void nonzero(const Call& call) {
  call.expect_counts(1, 1);
  call.expect(call.attributes().empty(), "no attributes expected");
  const View &x = call.input(0), &y = call.output(0);
  call.expect(y.rank() == 2 && y.dim(1) == x.rank(), "the output must be [count, rank]");
  call.expect(x.size <= std::numeric_limits<std::int32_t>::max(), "fewer than 2^31 elements expected");
  y.as<std::int32_t>();
  dispatch_comparable(x.dtype, [&]<typename T>() { nonzero_as<T>(call, x, y); });
}

PALIMPSEST_KERNEL("nonzero", nonzero);

}  // namespace
}  // namespace palimpsest
