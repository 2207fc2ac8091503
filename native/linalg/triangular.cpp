// triangularSolve: X of T X = Y for a triangular T [B or 1, n, n] and Y [B, n, k]. Attributes: lower,
// transposed, unit diagonal. choleskySolve: X of L L^T X = Y.
#include <algorithm>
#include <initializer_list>

#include "lapack.h"
#include "matrices.h"

namespace palimpsest {
namespace {

// A row-major [n, k] is X^T by columns, so T X = Y becomes X^T T^T = Y^T with the matrix on the right, and
// T^T by columns is T by rows. `columns` of the right side, `stride` being all of them, as `t_stride` is of the
// matrix.
template <typename T>
void solve_columns(const T* t, std::size_t n, std::size_t t_stride, T* x, std::size_t columns,
                   std::size_t stride, bool lower, bool transposed, bool unit) {
  const int order = static_cast<int>(n);
  lapack::trsm('R', lower ? 'U' : 'L', transposed ? 'T' : 'N', unit ? 'U' : 'N', static_cast<int>(columns),
               order, t, static_cast<int>(t_stride), x, static_cast<int>(stride));
}

// From here on, and with so many right sides, a system is solved in blocks by all threads together: columns by
// themselves would each read the whole matrix from memory again.
constexpr std::size_t kLarge = 768;
constexpr std::size_t kFewColumns = 8;
constexpr std::size_t kBlock = 192;
// Columns that are solved for, and rows and columns that are updated, in one piece.
constexpr std::size_t kSolvedColumns = 64;
constexpr std::size_t kUpdatedRows = 192;
constexpr std::size_t kUpdatedColumns = 256;

struct Triangle {
  bool lower, transposed, unit;
  // Whether the first row is solved for first.
  bool is_forward() const { return lower != transposed; }
};

// X of T X = Y in place. Block by block: solve with the block on the diagonal, then take its share from the rows
// that follow. The blocks depend on the shapes alone.
template <typename T>
void solve_in_blocks(const Workers& workers, const T* t, std::size_t n, T* x, std::size_t columns,
                     Triangle triangle) {
  const int stride = static_cast<int>(columns), order = static_cast<int>(n);
  const std::size_t blocks = (n + kBlock - 1) / kBlock;
  for (std::size_t step = 0; step < blocks; ++step) {
    const std::size_t block = triangle.is_forward() ? step : blocks - 1 - step;
    const std::size_t begin = block * kBlock, end = std::min(n, begin + kBlock);
    workers.parallel_range(columns, kSolvedColumns, [&](std::size_t first, std::size_t last) {
      const BlasPermit permit;
      solve_columns(t + begin * n + begin, end - begin, n, x + begin * columns + first, last - first, columns,
                    triangle.lower, triangle.transposed, triangle.unit);
    });
    const std::size_t from = triangle.is_forward() ? end : 0, to = triangle.is_forward() ? n : begin;
    const std::size_t tall = (to - from + kUpdatedRows - 1) / kUpdatedRows;
    const std::size_t wide = (columns + kUpdatedColumns - 1) / kUpdatedColumns;
    workers.parallel_for(tall * wide, [&](std::size_t piece) {
      const BlasPermit permit;
      const std::size_t row = from + piece / wide * kUpdatedRows, column = piece % wide * kUpdatedColumns;
      const std::size_t rows = std::min(kUpdatedRows, to - row);
      // By columns, x is X^T: X^T[rows] -= X^T[block] T[rows, block]^T.
      const T* factor = triangle.transposed ? t + begin * n + row : t + row * n + begin;
      lapack::gemm('N', triangle.transposed ? 'T' : 'N',
                   static_cast<int>(std::min(kUpdatedColumns, columns - column)), static_cast<int>(rows),
                   static_cast<int>(end - begin), T{-1}, x + begin * columns + column, stride, factor, order, T{1},
                   x + row * columns + column, stride);
    });
  }
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

// Checks [B or 1, n, n], [B, n, k] -> [B, n, k], refuses zeros on a diagonal that is read, and solves with
// these triangles, one after the other.
void solve_with(const Call& call, const char* name, std::initializer_list<Triangle> triangles) {
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
    const auto batches = static_cast<std::size_t>(y.dim(0));
    if (!triangles.begin()->unit) {
      factor_each(
          call, name, static_cast<std::size_t>(t.dim(0)), static_cast<double>(n), Size::small,
          [&](std::size_t i) { return first_zero(matrices + i * n * n, n); }, singular);
    }
    const auto matrix_of = [&](std::size_t i) { return matrices + (t.dim(0) == 1 ? 0 : i * n * n); };
    if (n >= kLarge && k >= kFewColumns) {
      call.workers.parallel_range(static_cast<std::size_t>(y.size), std::size_t{1} << 16,
                                  [&](std::size_t begin, std::size_t end) {
                                    std::copy(right + begin, right + end, out + begin);
                                  });
      for (std::size_t i = 0; i < batches; ++i) {
        for (const Triangle& triangle : triangles)
          solve_in_blocks(call.workers, matrix_of(i), n, out + i * n * k, k, triangle);
      }
      return;
    }
    const std::size_t width = columns_per_piece(n, k), pieces = (k + width - 1) / width;
    const double work =
        static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(std::min(width, k));
    for_each_matrix(call, batches * pieces, work * static_cast<double>(triangles.size()), Size::small,
                    [&](std::size_t piece) {
                      const std::size_t i = piece / pieces, column = piece % pieces * width,
                                        columns = std::min(width, k - column);
                      T* mine = out + i * n * k + column;
                      for (std::size_t r = 0; r < n; ++r)
                        std::copy_n(right + (i * n + r) * k + column, columns, mine + r * k);
                      for (const auto& [lower, transposed, unit] : triangles)
                        solve_columns(matrix_of(i), n, n, mine, columns, k, lower, transposed, unit);
                    });
  });
}

void triangular_solve(const Call& call) {
  call.expect(call.attributes().size() == 3, "three attributes expected");
  const bool lower = call.integer(0, 0, 1) == 1, transposed = call.integer(1, 0, 1) == 1,
             unit = call.integer(2, 0, 1) == 1;
  solve_with(call, "triangularSolve", {{lower, transposed, unit}});
}

void cholesky_solve(const Call& call) {
  solve_with(call, "choleskySolve", {{true, false, false}, {true, true, false}});
}

PALIMPSEST_KERNEL("triangularSolve", triangular_solve);
PALIMPSEST_KERNEL("choleskySolve", cholesky_solve);

}  // namespace
}  // namespace palimpsest
