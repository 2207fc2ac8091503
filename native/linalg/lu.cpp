// luFactor: LU [B, n, n] and row exchanges int32 [B, n] of [B, n, n]. luSolve: X of A X = Y or A^T X = Y,
// given those; attribute: transposed. rowOrder: which row each row was before the exchanges, int32 [B, n].
// slogdet: the sign [B] and the logarithm of the absolute value [B] of
// determinants.
#include <algorithm>
#include <limits>
#include <numeric>

#include "kernels/pieces.h"
#include "lapack.h"
#include "matrices.h"

namespace palimpsest {
namespace {

double cube(std::size_t n) {
  return static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n);
}

// By columns the row-major matrix is A^T, so what LAPACK finds is A^T = P L U. A zero pivot is no error: the
// determinant is 0.
template <typename T>
int factor(const T* a, std::size_t n, T* lu, int* pivots) {
  if (!all_finite(a, n * n)) return kNotFinite;
  std::copy_n(a, n * n, lu);
  lapack::getrf(static_cast<int>(n), static_cast<int>(n), lu, static_cast<int>(n), pivots);
  for (std::size_t i = 0; i < n; ++i) --pivots[i];  // LAPACK counts from 1
  return 0;
}

Error refused(int) { return Error("ERR_INTERNAL", "LAPACK refused an argument"); }

void lu_factor(const Call& call) {
  call.expect_counts(1, 2);
  const View& a = call.input(0);
  const View &lu = call.output(0), &pivots = call.output(1);
  call.expect(a.rank() == 3 && a.dim(1) == a.dim(2) && lu.shape == a.shape, "expected [B, n, n] in and out");
  call.expect(pivots.shape == Shape{a.dim(0), a.dim(1)}, "expected [B, n] for the row exchanges");
  call.expect(a.dim(1) <= kMostRows, "the matrix is too large");
  int* exchanges = pivots.as<std::int32_t>();
  dispatch_float(a.dtype, [&]<typename T>() {
    const T* in = a.as<T>();
    T* out = lu.as<T>();
    if (a.size == 0) return;
    const auto n = static_cast<std::size_t>(a.dim(1));
    factor_each(
        call, "luFactor", static_cast<std::size_t>(a.dim(0)), 2 * cube(n) / 3, Size::small,
        [&](std::size_t i) { return factor(in + i * n * n, n, out + i * n * n, exchanges + i * n); },
        refused);
  });
}

// A X = Y is X^T P L U = Y^T: divide by U, by L, and undo the exchanges, last first. Rows of X are columns
// there.
template <typename T>
void solve(const T* lu, const int* pivots, std::size_t n, T* x, std::size_t k, bool transposed) {
  const int order = static_cast<int>(n), columns = static_cast<int>(k);
  const auto exchange = [&](std::size_t i) {
    const auto other = static_cast<std::size_t>(pivots[i]);
    if (other != i) std::swap_ranges(x + i * k, x + (i + 1) * k, x + other * k);
  };
  const auto divide = [&](char triangle, char diagonal) {
    lapack::trsm('R', triangle, transposed ? 'T' : 'N', diagonal, columns, order, lu, order, x, columns);
  };
  if (transposed) {  // X^T U^T L^T P^T = Y^T
    for (std::size_t i = 0; i < n; ++i) exchange(i);
    divide('L', 'U');
    divide('U', 'N');
    return;
  }
  divide('U', 'N');
  divide('L', 'U');
  for (std::size_t i = n; i-- > 0;) exchange(i);
}

Error singular(int row) {
  return Error("ERR_SINGULAR", "the matrix is singular, pivot " + std::to_string(row - 1) + " is zero");
}

void check_exchanges(const char* kernel, const View& pivots, std::int64_t rows) {
  const int* exchanges = pivots.as<std::int32_t>();
  for (std::int64_t i = 0; i < pivots.size; ++i) {
    const bool is_row = exchanges[i] >= 0 && exchanges[i] < rows;
    if (!is_row) throw Error("ERR_INDEX", std::string(kernel) + ": a row exchange is outside the matrix");
  }
}

void lu_solve(const Call& call) {
  call.expect_counts(3, 1);
  const View &lu = call.input(0), &pivots = call.input(1), &y = call.input(2);
  const View& x = call.output(0);
  const bool transposed = call.integer(0, 0, 1) == 1;
  call.expect(lu.rank() == 3 && lu.dim(1) == lu.dim(2) && pivots.shape == Shape{lu.dim(0), lu.dim(1)},
              "expected [B, n, n] and [B, n] for the factors");
  call.expect(y.rank() == 3 && y.dim(0) == lu.dim(0) && y.dim(1) == lu.dim(1) && x.shape == y.shape,
              "expected right sides [B, n, k] in and out");
  call.expect(lu.dim(1) <= kMostRows && (y.size == 0 || y.dim(2) <= (std::int64_t{1} << 30)),
              "the matrices are too large");
  const int* exchanges = pivots.as<std::int32_t>();
  dispatch_float(lu.dtype, [&]<typename T>() {
    const T *factors = lu.as<T>(), *right = y.as<T>();
    T* out = x.as<T>();
    if (y.size == 0) return;
    const auto n = static_cast<std::size_t>(lu.dim(1)), k = static_cast<std::size_t>(y.dim(2));
    check_exchanges("luSolve", pivots, lu.dim(1));
    factor_each(
        call, "luSolve", static_cast<std::size_t>(lu.dim(0)),
        2.0 * static_cast<double>(n * n) * static_cast<double>(k), Size::small,
        [&](std::size_t i) {
          const T* mine = factors + i * n * n;
          for (std::size_t r = 0; r < n; ++r) {
            if (mine[r * n + r] == 0) return static_cast<int>(r) + 1;
          }
          std::copy_n(right + i * n * k, n * k, out + i * n * k);
          solve(mine, exchanges + i * n, n, out + i * n * k, k, transposed);
          return 0;
        },
        singular);
  });
}

void row_order(const Call& call) {
  call.expect_counts(1, 1);
  const View &pivots = call.input(0), &order = call.output(0);
  call.expect(pivots.rank() == 2 && order.shape == pivots.shape, "expected [B, n] in and out");
  const int* exchanges = pivots.as<std::int32_t>();
  int* rows = order.as<std::int32_t>();
  check_exchanges("rowOrder", pivots, pivots.dim(1));
  if (pivots.size == 0) return;
  const auto n = static_cast<std::size_t>(pivots.dim(1));
  for_each_unit(call.workers, static_cast<std::size_t>(pivots.dim(0)), static_cast<double>(n),
                [&](std::size_t b) {
                  std::iota(rows + b * n, rows + (b + 1) * n, 0);
                  for (std::size_t i = b * n; i < (b + 1) * n; ++i)
                    std::swap(rows[i], rows[b * n + static_cast<std::size_t>(exchanges[i])]);
                });
}

void slogdet(const Call& call) {
  call.expect_counts(1, 2);
  const View& a = call.input(0);
  const View &sign = call.output(0), &log = call.output(1);
  call.expect(a.rank() == 3 && a.dim(1) == a.dim(2), "expected [B, n, n]");
  call.expect(sign.shape == Shape{a.dim(0)} && log.shape == sign.shape,
              "expected [B] for signs and logarithms");
  call.expect(a.dim(1) <= kMostRows, "the matrix is too large");
  dispatch_float(a.dtype, [&]<typename T>() {
    const T* in = a.as<T>();
    T *signs = sign.as<T>(), *logs = log.as<T>();
    const auto n = static_cast<std::size_t>(a.dim(1));
    factor_each(
        call, "slogdet", static_cast<std::size_t>(a.dim(0)), 2 * cube(n) / 3, Size::small,
        [&](std::size_t i) {
          logs[i] = 0;
          signs[i] = 1;
          if (n == 0) return 0;
          const StoragePtr scratch = call.scratch(n * n * sizeof(T) + n * sizeof(int));
          T* lu = reinterpret_cast<T*>(scratch->data());
          int* pivots = reinterpret_cast<int*>(lu + n * n);
          if (const int info = factor(in + i * n * n, n, lu, pivots); info != 0) return info;
          bool is_negative = false;
          double total = 0;
          for (std::size_t r = 0; r < n; ++r) {
            const double pivot = static_cast<double>(lu[r * n + r]);
            is_negative ^= (pivot < 0) != (pivots[r] != static_cast<int>(r));
            total += std::log(std::abs(pivot));
          }
          logs[i] = static_cast<T>(total);
          signs[i] = total == -std::numeric_limits<double>::infinity() ? T{0} : is_negative ? T{-1} : T{1};
          return 0;
        },
        refused);
  });
}

PALIMPSEST_KERNEL("luFactor", lu_factor);
PALIMPSEST_KERNEL("luSolve", lu_solve);
PALIMPSEST_KERNEL("rowOrder", row_order);
PALIMPSEST_KERNEL("slogdet", slogdet);

}  // namespace
}  // namespace palimpsest
