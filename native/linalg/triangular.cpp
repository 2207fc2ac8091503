// triangularSolve: X of T X = Y for a triangular T [B or 1, n, n] and Y [B, n, k]. choleskySolve: X of L L^T
// X = Y. Attributes of triangularSolve: lower, transposed, unit diagonal.
#include <algorithm>

#include "lapack.h"
#include "matrices.h"

namespace palimpsest {
namespace {

// A row-major [n, k] is the transposed X^T by columns, so T X = Y becomes X^T T^T = Y^T with T on the right:
// and T^T by columns is T by rows.
template <typename T>
void solve_on_left(const T* t, std::size_t n, std::size_t k, T* x, bool lower, bool transposed, bool unit) {
  const int order = static_cast<int>(n), columns = static_cast<int>(k);
  lapack::trsm('R', lower ? 'U' : 'L', transposed ? 'T' : 'N', unit ? 'U' : 'N', columns, order, t, order, x,
               columns);
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

// Checks [B or 1, n, n], [B, n, k] -> [B, n, k] and runs body(t, x) for each matrix, x being a copy of the
// right side.
template <typename Body>
void each_right_side(const Call& call, const char* name, double solves, Body&& body) {
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
    const double work = static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(k) * solves;
    factor_each(
        call, name, static_cast<std::size_t>(y.dim(0)), work,
        [&](std::size_t i) {
          const T* matrix = matrices + (t.dim(0) == 1 ? 0 : i * n * n);
          std::copy_n(right + i * n * k, n * k, out + i * n * k);
          return body(matrix, n, k, out + i * n * k);
        },
        singular);
  });
}

void triangular_solve(const Call& call) {
  call.expect(call.attributes().size() == 3, "three attributes expected");
  const bool lower = call.integer(0, 0, 1) == 1, transposed = call.integer(1, 0, 1) == 1,
             unit = call.integer(2, 0, 1) == 1;
  each_right_side(call, "triangularSolve", 1,
                  [&]<typename T>(const T* t, std::size_t n, std::size_t k, T* x) {
                    const int zero = unit ? 0 : first_zero(t, n);
                    if (zero == 0) solve_on_left(t, n, k, x, lower, transposed, unit);
                    return zero;
                  });
}

void cholesky_solve(const Call& call) {
  each_right_side(call, "choleskySolve", 2, []<typename T>(const T* l, std::size_t n, std::size_t k, T* x) {
    const int zero = first_zero(l, n);
    if (zero != 0) return zero;
    solve_on_left(l, n, k, x, true, false, false);
    solve_on_left(l, n, k, x, true, true, false);
    return 0;
  });
}

PALIMPSEST_KERNEL("triangularSolve", triangular_solve);
PALIMPSEST_KERNEL("choleskySolve", cholesky_solve);

}  // namespace
}  // namespace palimpsest
