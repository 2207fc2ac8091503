// sum, max and min over any axes, in an order that depends on the shape alone. Attributes: the reduced axes,
// ascending.
#include <algorithm>
#include <cstring>

#include "combine.h"
#include "kernels/pieces.h"
#include "reduce_layout.h"

namespace palimpsest {
namespace {

// Elements that one piece of parallel work reads, when a result is made of more than that.
constexpr std::size_t kPieceElements = 65536;
// Elements combined in lanes before halving begins.
constexpr std::size_t kLeafElements = 4096;
// Columns worked on at a time: their results and the halving's spare rows stay in the first-level cache.
constexpr std::size_t kColumns = 1024;
// Narrow rows are taken several at a time as one row of about this many elements.
constexpr std::size_t kWideRow = 64;

std::size_t divide_up(std::size_t a, std::size_t b) { return (a + b - 1) / b; }

// Innermost axis reduced: a result is made of `rows` stretches of `inner` elements. [begin, end) counts
// through all of them.
template <typename C, typename T>
T combine_stretches(const ReduceLayout& layout, const T* x, std::size_t begin, std::size_t end) {
  if (end - begin > kLeafElements) {
    const std::size_t middle = begin + divide_up((end - begin) / 2, kLeafElements) * kLeafElements;
    return C::apply(combine_stretches<C>(layout, x, begin, middle),
                    combine_stretches<C>(layout, x, middle, end));
  }
  std::size_t row = begin / layout.inner, column = begin % layout.inner;
  T total{};
  for (std::size_t at = begin; at < end;) {
    const std::size_t run = std::min(layout.inner - column, end - at);
    const T value = combine_run<C>(x + layout.reduced.offset_of(row) + column, run);
    total = at == begin ? value : C::apply(total, value);
    at += run;
    column = 0;
    ++row;
  }
  return total;
}

template <typename C, typename T>
T combine_halves(const T* x, std::size_t n) {
  if (n == 1) return x[0];
  return C::apply(combine_halves<C>(x, n / 2), combine_halves<C>(x + n / 2, n - n / 2));
}

template <typename C, typename T>
void reduce_inner(const Call& call, const ReduceLayout& layout, const T* x, T* y) {
  const std::size_t results = layout.kept.count();
  const std::size_t elements = layout.reduced.count() * layout.inner;
  const std::size_t pieces = divide_up(elements, kPieceElements);
  if (pieces == 1) {
    call.workers.parallel_range(
        results, units_per_piece(static_cast<double>(elements)), [&](std::size_t begin, std::size_t end) {
          for (std::size_t i = begin; i < end; ++i) {
            y[i] = combine_stretches<C>(layout, x + layout.kept.offset_of(i), 0, elements);
          }
        });
    return;
  }
  const StoragePtr scratch = call.scratch(results * pieces * sizeof(T));
  T* part = reinterpret_cast<T*>(scratch->data());
  call.workers.parallel_for(results * pieces, [&](std::size_t unit) {
    const std::size_t begin = unit % pieces * kPieceElements;
    const T* from = x + layout.kept.offset_of(unit / pieces);
    part[unit] = combine_stretches<C>(layout, from, begin, std::min(begin + kPieceElements, elements));
  });
  for (std::size_t i = 0; i < results; ++i) y[i] = combine_halves<C>(part + i * pieces, pieces);
}

// Innermost axis kept: a result is a row of `inner` elements, combined of many rows. This does the columns
// [column, column + width) of the rows [begin, end).
template <typename C, typename T>
void combine_block(const ReduceLayout& layout, const T* x, std::size_t begin, std::size_t end,
                   std::size_t width, T* y) {
  T spare[4 * kColumns];  // enough for the rows of a piece: see combine_rows_spare
  const auto row = [&](std::size_t r) { return x + layout.reduced.offset_of(r); };
  // Rows that follow each other without a gap can be taken several at a time.
  const bool is_dense = width == layout.inner && layout.reduced.axes.size() == 1;
  const std::size_t group = is_dense ? std::max<std::size_t>(1, kWideRow / width) : 1;
  const std::size_t groups = (end - begin) / group;
  if (group == 1 || groups < 2) {
    combine_rows<C>(row, begin, end - begin, width, y, spare);
    return;
  }
  T wide[2 * kWideRow];
  const auto wide_row = [&](std::size_t g) { return row(begin + g * group); };
  combine_rows<C>(wide_row, 0, groups, group * width, wide, spare);
  const std::size_t rest = end - begin - groups * group;
  const auto last_row = [&](std::size_t r) -> const T* {
    return r < group ? wide + r * width : row(begin + groups * group + r - group);
  };
  combine_rows<C>(last_row, 0, group + rest, width, y, spare);
}

template <typename C, typename T>
void reduce_outer(const Call& call, const ReduceLayout& layout, const T* x, T* y) {
  const std::size_t results = layout.kept.count(), rows = layout.reduced.count(), inner = layout.inner;
  const std::size_t width = std::min(inner, kColumns), chunks = divide_up(inner, width);
  const std::size_t piece_rows = std::max<std::size_t>(kLeafRows, kPieceElements / width);
  const std::size_t pieces = divide_up(rows, piece_rows);
  StoragePtr scratch;
  T* part = y;
  if (pieces > 1) {
    scratch = call.scratch(results * pieces * inner * sizeof(T));
    part = reinterpret_cast<T*>(scratch->data());
  }
  // part is [results, pieces, inner].
  const double work = static_cast<double>(std::min(rows, piece_rows)) * static_cast<double>(width);
  call.workers.parallel_range(
      results * pieces * chunks, units_per_piece(work), [&](std::size_t from, std::size_t to) {
        for (std::size_t unit = from; unit < to; ++unit) {
          const std::size_t column = unit % chunks * width, piece = unit / chunks % pieces,
                            result = unit / chunks / pieces;
          const std::size_t begin = piece * piece_rows;
          combine_block<C>(layout, x + layout.kept.offset_of(result) + column, begin,
                           std::min(begin + piece_rows, rows), std::min(width, inner - column),
                           part + (result * pieces + piece) * inner + column);
        }
      });
  if (pieces == 1) return;
  const StoragePtr spare = call.scratch(combine_rows_spare(pieces, inner) * sizeof(T));
  for (std::size_t i = 0; i < results; ++i) {
    const auto row = [&](std::size_t piece) { return part + (i * pieces + piece) * inner; };
    combine_rows<C>(row, 0, pieces, inner, y + i * inner, reinterpret_cast<T*>(spare->data()));
  }
}

template <typename C, typename T>
void reduce_as(const Call& call, const ReduceLayout& layout) {
  const T* x = reinterpret_cast<const T*>(call.input(0).data);
  T* y = reinterpret_cast<T*>(call.output(0).data);
  layout.inner_is_reduced ? reduce_inner<C>(call, layout, x, y) : reduce_outer<C>(call, layout, x, y);
}

template <typename C>
void reduce(const Call& call) {
  const ReduceLayout layout(call);
  const View& y = call.output(0);
  if (y.dtype != DType::int32) dispatch_float(y.dtype, []<typename T>() {});
  if (layout.is_empty) {
    call.expect(y.size == 0 || std::is_same_v<C, Sum>, "an empty axis has no largest or smallest element");
    if (y.size > 0) std::memset(y.data, 0, static_cast<std::size_t>(y.size) * size_of(y.dtype));
  } else if (y.dtype == DType::int32) {
    reduce_as<C, std::conditional_t<std::is_same_v<C, Sum>, std::uint32_t, std::int32_t>>(call, layout);
  } else {
    dispatch_float(y.dtype, [&]<typename T>() { reduce_as<C, T>(call, layout); });
  }
}

PALIMPSEST_KERNEL("sum", reduce<Sum>);
PALIMPSEST_KERNEL("max", reduce<Max>);
PALIMPSEST_KERNEL("min", reduce<Min>);

}  // namespace
}  // namespace palimpsest
