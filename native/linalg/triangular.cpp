// triangularSolve: X of T X = Y for a triangular T [B or 1, n, n] and Y [B, n, k]. Attributes: lower,
// transposed, unit diagonal. choleskySolve: X of L L^T X = Y.
#include <algorithm>

#include "lapack.h"
#include "matrices.h"

namespace palimpsest {
namespace {

// A row-major [n, k] is X^T by columns, so T X = Y becomes X^T T^T = Y^T with the matrix on the right, and
// T^T by columns is T by rows. `columns` of the right side, `stride` being all of them.
template <typename T>
void solve_columns(const T* t, std::size_t n, T* x, std::size_t columns, std::size_t stride, bool lower,
                   bool transposed, bool unit) {
  const int order = static_cast<int>(n);
  lapack::trsm('R', lower ? 'U' : 'L', transposed ? 'T' : 'N', unit ? 'U' : 'N', static_cast<int>(columns),
               order, t, order, x, static_cast<int>(stride));
}

template <typename T>
int first_zero(const T* t, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    if (t[i * n + i] == 0) return static_cast<int>(i) + 1;
  }
  return 0;
}

Error singular(int row) {
  return Error("ERR_SINGULAR",
               "the diagonal of the triangular matrix is zero in row " + std::to_string(row - 1));
}

// How many columns of a right side make one piece of about 5 ms: by the shapes alone.
std::size_t columns_per_piece(std::size_t n, std::size_t k) {
  const double columns = 3e8 / (static_cast<double>(n) * static_cast<double>(n) + 1);
  return std::clamp<std::size_t>(static_cast<std::size_t>(std::min(columns, 1e9)) / 16 * 16, 32,
                                 std::max<std::size_t>(k, 32));
}

// Checks [B or 1, n, n], [B, n, k] -> [B, n, k], refuses zeros on a diagonal that is read, and runs
// solve(t, n, x, columns, k) for pieces of the right sides, x being a copy of them.
template <typename Solve>
void each_right_side(const Call& call, const char* name, bool unit, double solves, Solve&& solve) {
  call.expect_counts(2, 1);
  const View& t = call.input(0);
  const View& y = call.input(1);
  const View& x = call.output(0);
  call.expect(
      t.rank() == 3 && t.dim(1) == t.dim(2) && y.rank() == 3 && y.dim(1) == t.dim(1) && x.shape == y.shape,
      "expected [B or 1, n, n] and [B, n, k] in, [B, n, k] out");
  call.expect(t.dim(0) == 1 || t.dim(0) == y.dim(0), "expected as many matrices as right sides, or one");
  dispatch_float(t.dtype, [&]<typename T>() {
    const T* matrices = t.as<T>();
    const T* right = y.as<T>();
    T* out = x.as<T>();
    if (y.size == 0) return;
    call.expect(t.dim(1) <= kMostRows && y.dim(2) <= (std::int64_t{1} << 30), "the matrices are too large");
    const auto n = static_cast<std::size_t>(t.dim(1)), k = static_cast<std::size_t>(y.dim(2));
    if (!unit) {
      factor_each(
          call, name, static_cast<std::size_t>(t.dim(0)), static_cast<double>(n), Size::small,
          [&](std::size_t i) { return first_zero(matrices + i * n * n, n); }, singular);
    }
    const std::size_t width = columns_per_piece(n, k), pieces = (k + width - 1) / width;
    const double work =
        static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(std::min(width, k));
    for_each_matrix(call, static_cast<std::size_t>(y.dim(0)) * pieces, work * solves, Size::small,
                    [&](std::size_t piece) {
                      const std::size_t i = piece / pieces, column = piece % pieces * width,
                                        columns = std::min(width, k - column);
                      T* mine = out + i * n * k + column;
                      for (std::size_t r = 0; r < n; ++r)
                        std::copy_n(right + (i * n + r) * k + column, columns, mine + r * k);
                      solve(matrices + (t.dim(0) == 1 ? 0 : i * n * n), n, mine, columns, k);
                    });
  });
}

void triangular_solve(const Call& call) {
  call.expect(call.attributes().size() == 3, "three attributes expected");
  const bool lower = call.integer(0, 0, 1) == 1, transposed = call.integer(1, 0, 1) == 1,
             unit = call.integer(2, 0, 1) == 1;
  each_right_side(call, "triangularSolve", unit, 1,
                  [&]<typename T>(const T* t, std::size_t n, T* x, std::size_t columns, std::size_t k) {
                    solve_columns(t, n, x, columns, k, lower, transposed, unit);
                  });
}

void cholesky_solve(const Call& call) {
  each_right_side(call, "choleskySolve", false, 2,
                  []<typename T>(const T* l, std::size_t n, T* x, std::size_t columns, std::size_t k) {
                    solve_columns(l, n, x, columns, k, true, false, false);
                    solve_columns(l, n, x, columns, k, true, true, false);
                  });
}

PALIMPSEST_KERNEL("triangularSolve", triangular_solve);
PALIMPSEST_KERNEL("choleskySolve", cholesky_solve);

}  // namespace
}  // namespace palimpsest
