// qr: Q [B, m, p] with orthonormal columns and R [B, p, n], upper triangular with a diagonal that is not
// negative, of [B, m, n]; p = min(m, n), or m.
#include "lapack.h"
#include "matrices.h"
#include "signs.h"

namespace palimpsest {
namespace {

constexpr std::size_t kBlock = 64;  // wide enough for LAPACK's blocked routines

// A row-major [m, n] is A^T by columns, and A = Q R is A^T = R^T Q^T: LAPACK's L Q. `a` is destroyed.
template <typename T>
int decompose(const Call& call, std::size_t m, std::size_t n, std::size_t p, T* a, T* q, T* r) {
  const std::size_t k = std::min(m, n);
  const int size = static_cast<int>(kBlock * std::max(n, p));
  const StoragePtr scratch = call.scratch((static_cast<std::size_t>(size) + k) * sizeof(T));
  T* tau = reinterpret_cast<T*>(scratch->data());
  T* work = tau + k;
  const int rows = static_cast<int>(n), columns = static_cast<int>(m), taken = static_cast<int>(k);
  if (const int info = lapack::gelqf(rows, columns, a, rows, tau, work, size); info != 0) return info;
  // By rows, what lies on and above the diagonal of the first k rows is R; the reflectors are below.
  for (std::size_t i = 0; i < p; ++i) {
    const std::size_t below = std::min(i, n);
    std::fill(r + i * n, r + i * n + below, T{0});
    if (below < n) std::copy(a + i * n + below, a + (i + 1) * n, r + i * n + below);
  }
  // The rows of Q^T begin as the reflectors, row i of LAPACK's matrix lying in column i of ours.
  for (std::size_t i = 0; i < m; ++i) {
    std::copy_n(a + i * n, k, q + i * p);
    std::fill(q + i * p + k, q + (i + 1) * p, T{0});
  }
  return lapack::orglq(static_cast<int>(p), columns, taken, q, static_cast<int>(p), tau, work, size);
}

template <typename T>
void fix_signs(std::size_t m, std::size_t n, std::size_t p, T* q, T* r) {
  for (std::size_t i = 0; i < std::min(m, n); ++i) {
    if (!(r[i * n + i] < 0)) continue;
    scale_vector(r + i * n + i, n - i, 1, T{-1});
    scale_vector(q + i, m, p, T{-1});
  }
}

void qr(const Call& call) {
  call.expect_counts(1, 2);
  const View& a = call.input(0);
  const View &q = call.output(0), &r = call.output(1);
  call.expect(a.rank() == 3, "expected [B, m, n]");
  const bool complete = call.integer(0, 0, 1) == 1;
  const std::int64_t p = complete ? a.dim(1) : std::min(a.dim(1), a.dim(2));
  call.expect(q.shape == Shape{a.dim(0), a.dim(1), p} && r.shape == Shape{a.dim(0), p, a.dim(2)},
              "expected [B, m, p] and [B, p, n] out");
  dispatch_float(a.dtype, [&]<typename T>() {
    const T* in = a.as<T>();
    T *orthonormal = q.as<T>(), *upper = r.as<T>();
    if (q.size == 0) return;
    call.expect(a.dim(1) <= kMostRows && a.dim(2) <= kMostRows, "the matrix is too large");
    const auto m = static_cast<std::size_t>(a.dim(1)), n = static_cast<std::size_t>(a.dim(2));
    const auto width = static_cast<std::size_t>(p);
    const double work = 4.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(width);
    factor_each(
        call, "qr", static_cast<std::size_t>(a.dim(0)), work, Size::small,
        [&](std::size_t i) {
          T *mine = orthonormal + i * m * width, *partner = upper + i * width * n;
          if (n == 0) {
            // No columns: the complete basis is any.
            std::fill_n(mine, m * m, T{0});
            for (std::size_t j = 0; j < m; ++j) mine[j * m + j] = 1;
            return 0;
          }
          if (!all_finite(in + i * m * n, m * n)) return kNotFinite;
          const StoragePtr copy = call.scratch(m * n * sizeof(T));
          T* matrix = reinterpret_cast<T*>(copy->data());
          std::copy_n(in + i * m * n, m * n, matrix);
          const int info = decompose(call, m, n, width, matrix, mine, partner);
          if (info == 0) fix_signs(m, n, width, mine, partner);
          return info;
        },
        [](int) { return Error("ERR_INTERNAL", "LAPACK refused an argument"); });
  });
}

PALIMPSEST_KERNEL("qr", qr);

}  // namespace
}  // namespace palimpsest
