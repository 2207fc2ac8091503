// sum, prod, max and min over any axes, in an order that depends on the shape alone.
// Attributes: the reduced axes, ascending.
#include <algorithm>
#include <cstdint>

#include "combine.h"
#include "kernels/pieces.h"
#include "layout.h"

namespace palimpsest {
namespace {

// Elements that one piece of parallel work reads, when a result is made of more than that.
constexpr std::size_t kPieceElements = 65536;
// Elements combined in lanes before halving begins.
constexpr std::size_t kLeafElements = 4096;
// Columns worked on at a time: their results and the halving's spare rows stay in the first-level cache.
constexpr std::size_t kColumns = 1024;
// Runs shorter than this are not worth a loop each.
constexpr std::size_t kShortRun = 64;
// Narrow rows are taken several at a time as one row of about this many elements.
constexpr std::size_t kWideRow = 64;

std::size_t divide_up(std::size_t a, std::size_t b) { return (a + b - 1) / b; }

// Innermost axis reduced: a result is made of the layout's reduced rows of `inner` elements, and [begin, end)
// counts through all of their elements.
template <typename T>
T combine_stretches(const RowLoops<T>& loops, const ReduceLayout& layout, const T* x, std::size_t begin,
                    std::size_t end) {
  if (end - begin > kLeafElements) {
    const std::size_t middle = begin + divide_up((end - begin) / 2, kLeafElements) * kLeafElements;
    const T halves[] = {combine_stretches(loops, layout, x, begin, middle),
                        combine_stretches(loops, layout, x, middle, end)};
    return loops.run(2, halves);
  }
  std::size_t row = begin / layout.inner, column = begin % layout.inner;
  T totals[2];
  for (std::size_t at = begin; at < end;) {
    const std::size_t run = std::min(layout.inner - column, end - at);
    const bool is_first = at == begin;
    totals[is_first ? 0 : 1] = loops.run(run, x + layout.reduced.offset_of(row) + column);
    if (!is_first) totals[0] = loops.run(2, totals);
    at += run;
    column = 0;
    ++row;
  }
  return totals[0];
}

template <typename T>
void reduce_inner(const Call& call, const RowLoops<T>& loops, const ReduceLayout& layout, const T* x, T* y) {
  const std::size_t results = layout.kept.count();
  const std::size_t elements = layout.reduced.count() * layout.inner;
  const std::size_t pieces = divide_up(elements, kPieceElements);
  if (pieces == 1) {
    const bool is_one_run = layout.reduced.axes.empty() && elements <= kLeafElements;
    const std::size_t grain = units_per_piece(static_cast<double>(elements));
    call.workers.parallel_range(results, grain, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        const T* from = x + layout.kept.offset_of(i);
        y[i] = is_one_run ? loops.run(elements, from) : combine_stretches(loops, layout, from, 0, elements);
      }
    });
    return;
  }
  const StoragePtr scratch = call.scratch(results * pieces * sizeof(T));
  T* part = reinterpret_cast<T*>(scratch->data());
  call.workers.parallel_for(results * pieces, [&](std::size_t unit) {
    const std::size_t begin = unit % pieces * kPieceElements;
    const T* from = x + layout.kept.offset_of(unit / pieces);
    part[unit] = combine_stretches(loops, layout, from, begin, std::min(begin + kPieceElements, elements));
  });
  for (std::size_t i = 0; i < results; ++i) y[i] = combine_halves(loops, pieces, part + i * pieces);
}

// Innermost axis kept: a result is a row of `inner` elements, combined of many rows. This does `width`
// columns, beginning at x, of the rows [begin, end).
template <typename T>
void combine_block(const RowLoops<T>& loops, const ReduceLayout& layout, const T* x, std::size_t begin,
                   std::size_t end, std::size_t width, T* y) {
  T spare[4 * kColumns];  // enough for the rows of a piece: see combine_rows_spare
  const auto row = [&](std::size_t r) { return x + layout.reduced.offset_of(r); };
  // Rows that follow each other without a gap can be taken several at a time.
  const bool is_dense = width == layout.inner && layout.reduced.axes.size() == 1;
  const std::size_t group = is_dense ? std::max<std::size_t>(1, kWideRow / width) : 1;
  const std::size_t groups = (end - begin) / group;
  if (group == 1 || groups < 2) {
    combine_rows(loops, row, begin, end - begin, width, y, spare);
    return;
  }
  T wide[kWideRow];
  const auto wide_row = [&](std::size_t g) { return row(begin + g * group); };
  combine_rows(loops, wide_row, 0, groups, group * width, wide, spare);
  const std::size_t rest = end - begin - groups * group;
  const auto last_row = [&](std::size_t r) -> const T* {
    return r < group ? wide + r * width : row(begin + groups * group + r - group);
  };
  combine_rows(loops, last_row, 0, group + rest, width, y, spare);
}

template <typename T>
void reduce_outer(const Call& call, const RowLoops<T>& loops, const ReduceLayout& layout, const T* x, T* y) {
  const std::size_t results = layout.kept.count(), rows = layout.reduced.count(), inner = layout.inner;
  const std::size_t width = std::min(inner, kColumns), chunks = divide_up(inner, width);
  const std::size_t piece_rows = std::max<std::size_t>(kLeafRows, kPieceElements / width);
  const std::size_t pieces = divide_up(rows, piece_rows);
  StoragePtr scratch;
  T* part = y;  // [results, pieces, inner]
  if (pieces > 1) {
    scratch = call.scratch(results * pieces * inner * sizeof(T));
    part = reinterpret_cast<T*>(scratch->data());
  }
  const double work = static_cast<double>(std::min(rows, piece_rows)) * static_cast<double>(width);
  const auto do_unit = [&](std::size_t unit) {
    const std::size_t column = unit % chunks * width, piece = unit / chunks % pieces,
                      result = unit / chunks / pieces;
    const std::size_t begin = piece * piece_rows;
    combine_block(loops, layout, x + layout.kept.offset_of(result) + column, begin,
                  std::min(begin + piece_rows, rows), std::min(width, inner - column),
                  part + (result * pieces + piece) * inner + column);
  };
  call.workers.parallel_range(results * pieces * chunks, units_per_piece(work),
                              [&](std::size_t from, std::size_t to) {
                                for (std::size_t unit = from; unit < to; ++unit) do_unit(unit);
                              });
  if (pieces == 1) return;
  const StoragePtr spare = call.scratch(combine_rows_spare(pieces, inner) * sizeof(T));
  for (std::size_t i = 0; i < results; ++i) {
    const auto row = [&](std::size_t piece) { return part + (i * pieces + piece) * inner; };
    combine_rows(loops, row, 0, pieces, inner, y + i * inner, reinterpret_cast<T*>(spare->data()));
  }
}

// Innermost axis reduced, but short: the other reduced axes go first, along rows that are long then.
template <typename T>
void reduce_short(const Call& call, const RowLoops<T>& loops, const ReduceLayout& layout, const T* x, T* y) {
  const std::size_t results = layout.kept.count();
  const StoragePtr scratch = call.scratch(results * layout.inner * sizeof(T));
  T* part = reinterpret_cast<T*>(scratch->data());
  ReduceLayout first = layout, second = layout;
  first.inner *=
      first.kept.axes.back().extent;  // the neighbouring axis is a kept one, or it would have been merged
  first.kept.axes.pop_back();
  reduce_outer(call, loops, first, x, part);
  second.kept.axes = {{results, layout.inner}};
  second.reduced.axes.clear();
  reduce_inner(call, loops, second, part, y);
}

// What an empty axis comes to.
template <typename T>
void fill_empty(const Call& call, Combine combine, const View& y) {
  call.expect(combine == Combine::sum || combine == Combine::prod,
              "an empty axis has no largest or smallest element");
  T* out = reinterpret_cast<T*>(y.data);
  std::fill(out, out + y.size, T(combine == Combine::prod ? 1 : 0));
}

template <Combine combine>
void reduce(const Call& call) {
  const ReduceLayout layout(call);
  const View& y = call.output(0);
  // The layout has checked that both have one dtype, and T is that dtype's.
  const auto run = [&]<typename T>() {
    if (y.size == 0) return;
    if (layout.is_empty) return fill_empty<T>(call, combine, y);
    const RowLoops<T>& loops = row_loops<T>(combine);
    const T* x = reinterpret_cast<const T*>(call.input(0).data);
    T* out = reinterpret_cast<T*>(y.data);
    if (layout.inner_is_reduced && layout.inner < kShortRun && !layout.reduced.axes.empty()) {
      reduce_short(call, loops, layout, x, out);
    } else if (layout.inner_is_reduced) {
      reduce_inner(call, loops, layout, x, out);
    } else {
      reduce_outer(call, loops, layout, x, out);
    }
  };
  constexpr bool takes_bytes = combine == Combine::max || combine == Combine::min;
  if (takes_bytes && size_of(y.dtype) == 1) return run.template operator()<std::uint8_t>();
  if (y.dtype == DType::int32) return run.template operator()<std::int32_t>();
  if (y.dtype == DType::int64) return run.template operator()<std::int64_t>();
  dispatch_float(y.dtype, run);
}

PALIMPSEST_KERNEL("prod", reduce<Combine::prod>);
PALIMPSEST_KERNEL("sum", reduce<Combine::sum>);
PALIMPSEST_KERNEL("max", reduce<Combine::max>);
PALIMPSEST_KERNEL("min", reduce<Combine::min>);

}  // namespace
}  // namespace palimpsest
