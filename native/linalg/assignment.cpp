// assignment: the cheapest choice of min(m, n) entries of a cost matrix [m, n], no two in one row or column,
// for each matrix of [B, m, n]: rows int32 [B, k] in ascending order, and their columns int32 [B, k].
#include <cmath>
#include <limits>
#include <vector>

#include "core/kernel.h"
#include "kernels/pieces.h"

namespace palimpsest {
namespace {

constexpr std::int64_t kMostRows = 16384;

// Shortest augmenting paths with dual prices (Jonker and Volgenant 1987, as Crouse 2016 writes it). Rows <=
// columns; `stride` leads from row to row and `step` from column to column, so that a matrix with more rows
// is read transposed.
template <typename T>
class Assignment {
 public:
  Assignment(const T* cost, std::size_t rows, std::size_t columns, std::size_t stride, std::size_t step)
      : cost_(cost),
        rows_(rows),
        columns_(columns),
        stride_(stride),
        step_(step),
        row_price_(rows, 0),
        column_price_(columns, 0),
        distance_(columns),
        before_(columns),
        row_of_(columns, kNone),
        column_of_(rows, kNone),
        is_row_done_(rows),
        is_column_done_(columns) {}

  // False when every choice has an infinite cost.
  bool run(const Workers& workers) {
    for (std::size_t row = 0; row < rows_; ++row) {
      if (workers.cancelled()) throw Error("ERR_ABORTED", "the evaluation was aborted");
      if (!augment(row)) return false;
    }
    return true;
  }

  std::size_t column_of(std::size_t row) const { return column_of_[row]; }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  bool augment(std::size_t first) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    std::fill(distance_.begin(), distance_.end(), kInfinity);
    std::fill(is_row_done_.begin(), is_row_done_.end(), false);
    std::fill(is_column_done_.begin(), is_column_done_.end(), false);
    double shortest = 0;
    std::size_t row = first, sink = kNone;
    while (sink == kNone) {
      is_row_done_[row] = true;
      std::size_t nearest = kNone;
      double lowest = kInfinity;
      for (std::size_t j = 0; j < columns_; ++j) {
        if (is_column_done_[j]) continue;
        const double cost = static_cast<double>(cost_[row * stride_ + j * step_]);
        const double reached = shortest + cost - row_price_[row] - column_price_[j];
        if (reached < distance_[j]) {
          distance_[j] = reached;
          before_[j] = row;
        }
        // Among equals a free column ends the path.
        const bool is_better = distance_[j] < lowest || (distance_[j] == lowest && row_of_[j] == kNone);
        if (is_better && distance_[j] < kInfinity) {
          lowest = distance_[j];
          nearest = j;
        }
      }
      if (nearest == kNone) return false;
      shortest = lowest;
      is_column_done_[nearest] = true;
      if (row_of_[nearest] == kNone) {
        sink = nearest;
      } else {
        row = row_of_[nearest];
      }
    }
    update_prices(first, shortest);
    for (std::size_t column = sink;;) {
      const std::size_t i = before_[column];
      row_of_[column] = i;
      std::swap(column_of_[i], column);
      if (i == first) return true;
    }
  }

  void update_prices(std::size_t first, double shortest) {
    row_price_[first] += shortest;
    for (std::size_t i = 0; i < rows_; ++i) {
      if (is_row_done_[i] && i != first) row_price_[i] += shortest - distance_[column_of_[i]];
    }
    for (std::size_t j = 0; j < columns_; ++j) {
      if (is_column_done_[j]) column_price_[j] -= shortest - distance_[j];
    }
  }

  const T* cost_;
  const std::size_t rows_, columns_, stride_, step_;
  std::vector<double> row_price_, column_price_, distance_;
  std::vector<std::size_t> before_, row_of_, column_of_;
  std::vector<char> is_row_done_, is_column_done_;
};

template <typename T>
void assign(const Workers& workers, const T* cost, std::size_t m, std::size_t n, std::int32_t* rows,
            std::int32_t* columns) {
  for (std::size_t i = 0; i < m * n; ++i) {
    // Plus infinity forbids an entry.
    const bool is_cost = cost[i] > -std::numeric_limits<T>::infinity();
    if (!is_cost)
      throw Error("ERR_VALUE",
                  "assignment: costs must be numbers or plus infinity, got NaN or minus infinity");
  }
  const bool is_turned = m > n;
  Assignment<T> problem(cost, std::min(m, n), std::max(m, n), is_turned ? 1 : n, is_turned ? n : 1);
  if (!problem.run(workers)) throw Error("ERR_VALUE", "assignment: every choice has an infinite cost");
  if (!is_turned) {
    for (std::size_t i = 0; i < m; ++i) {
      rows[i] = static_cast<std::int32_t>(i);
      columns[i] = static_cast<std::int32_t>(problem.column_of(i));
    }
    return;
  }
  std::vector<std::int32_t> column_of(m, -1);
  for (std::size_t j = 0; j < n; ++j) column_of[problem.column_of(j)] = static_cast<std::int32_t>(j);
  for (std::size_t i = 0; i < m; ++i) {
    if (column_of[i] < 0) continue;
    *rows++ = static_cast<std::int32_t>(i);
    *columns++ = column_of[i];
  }
}

void assignment(const Call& call) {
  call.expect_counts(1, 2);
  const View& cost = call.input(0);
  const View &rows = call.output(0), &columns = call.output(1);
  call.expect(cost.rank() == 3, "expected costs [B, m, n]");
  call.expect(
      rows.shape == Shape{cost.dim(0), std::min(cost.dim(1), cost.dim(2))} && columns.shape == rows.shape,
      "expected rows and columns [B, min(m, n)]");
  std::int32_t *chosen_rows = rows.as<std::int32_t>(), *chosen_columns = columns.as<std::int32_t>();
  dispatch_float(cost.dtype, [&]<typename T>() {
    const T* in = cost.as<T>();
    if (rows.size == 0) return;
    call.expect(cost.dim(1) <= kMostRows && cost.dim(2) <= kMostRows, "the matrix is too large");
    const auto m = static_cast<std::size_t>(cost.dim(1)), n = static_cast<std::size_t>(cost.dim(2));
    const std::size_t k = std::min(m, n);
    const double work = static_cast<double>(k) * static_cast<double>(k) * static_cast<double>(std::max(m, n));
    for_each_unit(call.workers, static_cast<std::size_t>(cost.dim(0)), work, [&](std::size_t i) {
      assign(call.workers, in + i * m * n, m, n, chosen_rows + i * k, chosen_columns + i * k);
    });
  });
}

PALIMPSEST_KERNEL("assignment", assignment);

}  // namespace
}  // namespace palimpsest
