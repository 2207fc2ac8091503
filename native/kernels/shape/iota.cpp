// start, start + step, start + 2 step, ... in double precision, rounded once. Attributes: start, step.
#include <algorithm>

#include "core/kernel.h"
#include "element_value.h"
#include "kernels/pieces.h"

namespace palimpsest {
namespace {

// The numbers first in double precision, in a loop that the compiler turns into vector code: blocks begin at
// whole numbers, which doubles hold exactly.
template <typename T>
void count_up(double start, double step, std::size_t begin, std::size_t end, T* out) {
  constexpr std::size_t kBlock = 512;
  double values[kBlock];
  for (std::size_t i = begin; i < end; i += kBlock) {
    const int count = static_cast<int>(std::min(kBlock, end - i));
    const double first = static_cast<double>(i);
    for (int j = 0; j < count; ++j) values[j] = start + step * (first + static_cast<double>(j));
    for (int j = 0; j < count; ++j) out[i + static_cast<std::size_t>(j)] = element_value<T>(values[j]);
  }
}

// Whole numbers that stay within int32 need no doubles.
void count_up_whole(std::int32_t start, std::int32_t step, std::size_t begin, std::size_t end,
                    std::int32_t* out) {
  for (std::size_t i = begin; i < end; ++i) out[i] = start + step * static_cast<std::int32_t>(i);
}

bool stays_within_int32(double start, double step, std::int64_t count) {
  const auto is_int32 = [](double x) { return x >= -2147483648.0 && x <= 2147483647.0; };
  const double last = start + step * static_cast<double>(count - 1);
  const auto is_whole = [&](double x) {
    return is_int32(x) && static_cast<double>(static_cast<std::int32_t>(x)) == x;
  };
  return is_whole(start) && is_whole(step) && is_whole(static_cast<double>(count)) && is_int32(last) &&
         is_int32(last - start);
}

void iota(const Call& call) {
  call.expect_counts(0, 1);
  call.expect(call.attributes().size() == 2, "two attributes expected");
  const View& y = call.output(0);
  call.expect(y.rank() == 1, "the output must have rank 1");
  call.expect(y.dtype != DType::boolean, "the output must be numeric");
  const double start = call.attribute(0), step = call.attribute(1);
  const auto fill = [&](auto&& count) {
    call.workers.parallel_range(static_cast<std::size_t>(y.size), units_per_piece(1), count);
  };
  if (y.dtype == DType::int32 && stays_within_int32(start, step, y.size)) {
    fill([&](std::size_t begin, std::size_t end) {
      count_up_whole(static_cast<std::int32_t>(start), static_cast<std::int32_t>(step), begin, end,
                     y.as<std::int32_t>());
    });
    return;
  }
  dispatch_any(y.dtype, [&]<typename T>() {
    fill([&](std::size_t begin, std::size_t end) { count_up(start, step, begin, end, y.as<T>()); });
  });
}

PALIMPSEST_KERNEL("iota", iota);

}  // namespace
}  // namespace palimpsest
