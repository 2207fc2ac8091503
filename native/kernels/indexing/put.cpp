// A copy with some elements replaced: put x [R, V, I], indices [R, M, I] or [R, M, 1], values [R, M, I] ->
// [R, V, I]. Where an element is written twice the last value stays.
#include <algorithm>
#include <cstring>

#include "core/checked.h"
#include "kernels/pieces.h"
#include "kernels/shape/along.h"
#include "kernels/shape/strided_copy.h"

namespace palimpsest {
namespace {

// Element by element, in the order of m: parallel over blocks and over ranges of columns.
template <typename Unit>
void put_elements(const Call& call, const Along& e, const Unit* values, Unit* y) {
  constexpr std::size_t kColumns = 256;
  const std::size_t width = std::min(kColumns, e.inner), chunks = (e.inner + width - 1) / width;
  const double work = static_cast<double>(width) * static_cast<double>(e.picks);
  call.workers.parallel_range(e.blocks * chunks, units_per_piece(work), [&](std::size_t begin, std::size_t end) {
    for (std::size_t unit = begin; unit < end && !call.workers.cancelled(); ++unit) {
      const std::size_t block = unit / chunks, column = unit % chunks * width;
      const std::size_t last = std::min(e.inner, column + width);
      Unit* const to = y + block * e.table * e.inner;
      for (std::size_t row = block * e.picks; row < (block + 1) * e.picks; ++row) {
        for (std::size_t i = column; i < last; ++i) to[e.place(row, i)] = values[row * e.inner + i];
      }
    }
  });
}

// Row by row, where many picks may share few blocks: first who is the last to write each row, then those write.
template <typename Unit>
void put_rows(const Call& call, const Along& e, const Unit* values, Unit* y) {
  const StoragePtr memory = call.scratch(checked_mul(e.blocks * e.table, sizeof(std::int64_t)));
  auto* const last = reinterpret_cast<std::int64_t*>(memory->data());
  for_each_unit(call.workers, e.blocks, static_cast<double>(e.picks), [&](std::size_t block) {
    for (std::size_t row = block * e.picks; row < (block + 1) * e.picks; ++row) {
      last[block * e.table + static_cast<std::size_t>(e.index[row])] = static_cast<std::int64_t>(row);
    }
  });
  for_each_unit(call.workers, e.blocks * e.picks, static_cast<double>(e.inner), [&](std::size_t row) {
    const std::size_t block = row / e.picks;
    if (last[block * e.table + static_cast<std::size_t>(e.index[row])] != static_cast<std::int64_t>(row)) return;
    std::memcpy(y + block * e.table * e.inner + e.place(row, 0), values + row * e.inner,
                e.inner * sizeof(Unit));
  });
}

void put(const Call& call) {
  call.expect_counts(3, 1);
  const View &x = call.input(0), &indices = call.input(1), &values = call.input(2), &y = call.output(0);
  call.expect(x.shape == y.shape && x.dtype == y.dtype, "the result must be like the first input");
  const Along e(call, "put", x, indices, values);
  if (y.size == 0) return;
  strided_copy(call.workers, size_of(x.dtype), {{x.size, 1, 1}}, x.data, y.data);
  if (values.size == 0) return;
  dispatch_unit(size_of(x.dtype), [&]<typename Unit>() {
    const auto* const from = reinterpret_cast<const Unit*>(values.data);
    auto* const to = reinterpret_cast<Unit*>(y.data);
    if (e.is_rows) {
      put_rows(call, e, from, to);
    } else {
      put_elements(call, e, from, to);
    }
  });
}

PALIMPSEST_KERNEL("put", put);

}  // namespace
}  // namespace palimpsest
