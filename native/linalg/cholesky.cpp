// cholesky: the lower factor L of A = L L^T, for the symmetric part A of each matrix of [B, n, n].
#include <atomic>

#include "lapack.h"
#include "matrices.h"

namespace palimpsest {
namespace {

// From here on the work is divided among threads, in blocks of so many rows.
constexpr std::size_t kLarge = 384;
constexpr std::size_t kBlock = 192;

// Read by columns, the factor U of U^T U that LAPACK puts into the upper triangle is our L in the lower one.
template <typename T>
int factor_block(T* a, std::size_t n, std::size_t stride) {
  const BlasPermit permit;
  return lapack::potrf('U', static_cast<int>(n), a, static_cast<int>(stride));
}

// Rows [i, i + rows) of the blocks below one that is factored: X L^T = A, which by columns is L X^T = A^T.
template <typename T>
void solve_rows(const T* l, std::size_t width, T* x, std::size_t rows, std::size_t stride) {
  const BlasPermit permit;
  const int ld = static_cast<int>(stride);
  lapack::trsm('L', 'U', 'T', 'N', static_cast<int>(width), static_cast<int>(rows), l, ld, x, ld);
}

// C -= P Q^T for blocks of rows P [m, k] and Q [n, k].
template <typename T>
void subtract_product(const T* p, const T* q, T* c, std::size_t m, std::size_t n, std::size_t k,
                      std::size_t stride) {
  const BlasPermit permit;
  const int ld = static_cast<int>(stride);
  lapack::gemm('T', 'N', static_cast<int>(n), static_cast<int>(m), static_cast<int>(k), T{-1}, q, ld, p, ld,
               T{1}, c, ld);
}

// Block column by block column: factor the diagonal block, solve for the blocks below it, take their products
// from what remains. The blocks are the same for any number of threads.
template <typename T>
int factor_in_blocks(const Workers& workers, T* a, std::size_t n) {
  for (std::size_t k = 0; k < n; k += kBlock) {
    const std::size_t width = std::min(kBlock, n - k), below = k + width;
    if (const int info = factor_block(a + k * n + k, width, n); info != 0) return info + static_cast<int>(k);
    const std::size_t blocks = (n - below + kBlock - 1) / kBlock;
    const auto first = [&](std::size_t block) { return below + block * kBlock; };
    const auto rows = [&](std::size_t block) { return std::min(kBlock, n - first(block)); };
    workers.parallel_for(
        blocks, [&](std::size_t i) { solve_rows(a + k * n + k, width, a + first(i) * n + k, rows(i), n); });
    // The blocks of the lower triangle, row by row: number p is in row i where i (i + 1) / 2 <= p.
    workers.parallel_for(blocks * (blocks + 1) / 2, [&](std::size_t p) {
      auto i = static_cast<std::size_t>((std::sqrt(8.0 * static_cast<double>(p) + 1.0) - 1.0) / 2.0);
      while (i * (i + 1) / 2 > p) --i;
      while ((i + 1) * (i + 2) / 2 <= p) ++i;
      const std::size_t j = p - i * (i + 1) / 2;
      subtract_product(a + first(i) * n + k, a + first(j) * n + k, a + first(i) * n + first(j), rows(i),
                       rows(j), width, n);
    });
  }
  return 0;
}

// Rows [begin, end) of the symmetric part's lower triangle, with zeros above. False when they, or the columns
// of the same number, have a NaN or an infinity.
template <typename T>
bool lower_rows(const T* a, std::size_t n, std::size_t begin, std::size_t end, T* l) {
  constexpr std::size_t kColumns = 32;
  T sum = 0;  // of differences x - x, which are 0 for numbers
  for (std::size_t j0 = 0; j0 < end; j0 += kColumns) {
    for (std::size_t i = std::max(begin, j0); i < end; ++i) {
      for (std::size_t j = j0; j < std::min(j0 + kColumns, i + 1); ++j) {
        const T below = a[i * n + j], above = a[j * n + i];
        sum += (below - below) + (above - above);
        l[i * n + j] = below == above ? below : below / 2 + above / 2;
      }
    }
  }
  for (std::size_t i = begin; i < end; ++i) std::fill(l + i * n + i + 1, l + (i + 1) * n, T{0});
  return sum == 0;
}

template <typename T>
int factor(const Workers& workers, const T* a, std::size_t n, T* l) {
  if (n < kLarge) return lower_rows(a, n, 0, n, l) ? factor_block(l, n, n) : kNotFinite;
  constexpr std::size_t kRows = 32;
  std::atomic<bool> is_finite = true;
  workers.parallel_range(n, kRows, [&](std::size_t begin, std::size_t end) {
    if (!lower_rows(a, n, begin, end, l)) is_finite = false;
  });
  if (!is_finite) return kNotFinite;
  const int info = factor_in_blocks(workers, l, n);
  // The products of a block with itself were written whole.
  for (std::size_t i = 0; i < n; ++i) {
    std::fill(l + i * n + i + 1, l + i * n + std::min(n, (i / kBlock + 1) * kBlock), T{0});
  }
  return info;
}

Error not_positive_definite(int pivot) {
  return Error("ERR_NOT_POSITIVE_DEFINITE", "a positive definite matrix expected, the pivot of row " +
                                                std::to_string(pivot - 1) + " is not positive");
}

void cholesky(const Call& call) {
  call.expect_counts(1, 1);
  const View& a = call.input(0);
  const View& l = call.output(0);
  call.expect(a.rank() == 3 && a.dim(1) == a.dim(2) && l.shape == a.shape, "expected [B, n, n] in and out");
  call.expect(a.dim(1) <= kMostRows, "the matrix is too large");
  dispatch_float(a.dtype, [&]<typename T>() {
    const T* in = a.as<T>();
    T* out = l.as<T>();
    if (a.size == 0) return;
    const auto n = static_cast<std::size_t>(a.dim(1));
    const double cube = static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n);
    factor_each(
        call, "cholesky", static_cast<std::size_t>(a.dim(0)), cube / 3,
        n < kLarge ? Size::small : Size::large,
        [&](std::size_t i) { return factor(call.workers, in + i * n * n, n, out + i * n * n); },
        not_positive_definite);
  });
}

PALIMPSEST_KERNEL("cholesky", cholesky);

}  // namespace
}  // namespace palimpsest
