// cholesky: the lower factor L of A = L L^T, for the symmetric part A of each matrix of [B, n, n].
#include <atomic>

#include "blocked_cholesky.h"
#include "lapack.h"
#include "matrices.h"

namespace palimpsest {
namespace {

// From here on a matrix is factored in blocks, and from here on by all threads.
constexpr std::size_t kBlocked = 96;
constexpr std::size_t kLarge = 384;
// Rows that are copied at a time.
constexpr std::size_t kRows = 32;

// Read by columns, the factor U of U^T U that LAPACK puts into the upper triangle is our L in the lower one.
template <typename T>
int factor_small(T* a, std::size_t n) {
  const BlasPermit permit;
  return lapack::potrf('U', static_cast<int>(n), a, static_cast<int>(n));
}

// Rows [begin, end), at most 32, of the symmetric part's lower triangle, with zeros above. False when they, or the
// columns of the same number, have a NaN or an infinity.
template <typename T>
bool lower_rows(const T* a, std::size_t n, std::size_t begin, std::size_t end, T* l) {
  constexpr std::size_t kColumns = 64, kStep = kColumns + product::kSlack;
  T turned[kRows * kStep];  // columns as rows
  bool is_finite = true;
  for (std::size_t j0 = 0; j0 < end; j0 += kColumns) {
    const std::size_t j1 = std::min(end, j0 + kColumns);
    product::micro_kernels<T>().transpose(a + j0 * n + begin, static_cast<product::Index>(n),
                                          static_cast<product::Index>(j1 - j0),
                                          static_cast<product::Index>(end - begin), turned, kStep);
    for (std::size_t i = begin; i < end; ++i) {
      const T *row = a + i * n + j0, *column = turned + (i - begin) * kStep;
      T* const to = l + i * n + j0;
      const std::size_t count = std::min(j1, i + 1) - std::min(j0, i + 1);
      // Nothing in these loops depends on a condition, for the compiler to vectorise them.
      for (std::size_t j = 0; j < count; ++j) {
        const T below = row[j], above = column[j], mean = below / 2 + above / 2;
        to[j] = below == above ? below : mean;
      }
      is_finite = is_finite && all_finite(row, count) && all_finite(column, count);
    }
  }
  for (std::size_t i = begin; i < end; ++i) std::fill(l + i * n + i + 1, l + (i + 1) * n, T{0});
  return is_finite;
}

template <typename T>
int factor(const Call& call, const T* a, std::size_t n, T* l) {
  std::atomic<bool> is_finite = true;
  const auto copy = [&](std::size_t begin, std::size_t end) {
    if (!lower_rows(a, n, begin, end, l)) is_finite = false;
  };
  if (n < kLarge) {
    for (std::size_t i = 0; i < n; i += kRows) copy(i, std::min(n, i + kRows));
  } else {
    call.workers.parallel_range(n, kRows, copy);
  }
  if (!is_finite) return kNotFinite;
  if (n < kBlocked) return factor_small(l, n);
  const int info = BlockedCholesky<T>(call, l, n, n >= kLarge).run();
  // Products of a block with itself were written whole.
  for (std::size_t i = 0; i < n; ++i) {
    std::fill(l + i * n + i + 1, l + i * n + std::min(n, i + BlockedCholesky<T>::kBlock), T{0});
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
        [&](std::size_t i) { return factor(call, in + i * n * n, n, out + i * n * n); },
        not_positive_definite);
  });
}

PALIMPSEST_KERNEL("cholesky", cholesky);

}  // namespace
}  // namespace palimpsest
