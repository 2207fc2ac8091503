// svd: U [B, m, p], singular values in descending order [B, k] and V^T [B, q, n] of [B, m, n], k = min(m, n);
// p = q = k, or all m and n. svdvals: the singular values alone.
#include "lapack.h"
#include "matrices.h"
#include "signs.h"

namespace palimpsest {
namespace {

struct Extents {
  std::size_t m, n, k;
  double work;
};

Extents extents_of(const Call& call, const View& a, const View& s) {
  call.expect(a.rank() == 3, "expected [B, m, n]");
  call.expect(s.shape == Shape{a.dim(0), std::min(a.dim(1), a.dim(2))},
              "expected [B, min(m, n)] for the singular values");
  const auto m = static_cast<std::size_t>(a.dim(1)), n = static_cast<std::size_t>(a.dim(2)),
             k = std::min(m, n);
  const double work = 8.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  return {m, n, k, work};
}

// A row-major [m, n] is A^T by columns, and A^T = V S U^T: LAPACK's left vectors are the rows of V^T, its
// right ones the columns of U. `a` is destroyed.
template <typename T>
int decompose(const Call& call, char job, const Extents& e, T* a, T* s, T* u, T* vt, std::size_t p) {
  const int rows = static_cast<int>(e.n), columns = static_cast<int>(e.m);
  const StoragePtr integers = call.scratch(8 * e.k * sizeof(int));
  auto* iwork = reinterpret_cast<int*>(integers->data());
  T best = 0;
  const int ldvt = static_cast<int>(p);
  int info = lapack::gesdd(job, rows, columns, a, rows, s, vt, rows, u, ldvt, &best, -1, iwork);
  if (info != 0) return info;
  // In float32 the answer is rounded: some more never hurts.
  const int size = static_cast<int>(static_cast<double>(best) * 1.001) + 64;
  const StoragePtr reals = call.scratch(static_cast<std::size_t>(size) * sizeof(T));
  return lapack::gesdd(job, rows, columns, a, rows, s, vt, rows, u, ldvt, reinterpret_cast<T*>(reals->data()),
                       size, iwork);
}

Error no_convergence(int) {
  return Error("ERR_NO_CONVERGENCE", "the iteration for the singular values did not converge");
}

template <typename T>
void set_identity(T* x, std::size_t n) {
  std::fill(x, x + n * n, T{0});
  for (std::size_t i = 0; i < n; ++i) x[i * n + i] = 1;
}

// The columns of U decide; vectors beyond the k-th have no partner.
template <typename T>
void fix_signs(const Extents& e, std::size_t p, std::size_t q, T* u, T* vt) {
  for (std::size_t j = 0; j < p; ++j) {
    if (sign_of_largest(u + j, e.m, p) > 0) continue;
    scale_vector(u + j, e.m, p, T{-1});
    if (j < e.k) scale_vector(vt + j * e.n, e.n, 1, T{-1});
  }
  for (std::size_t i = e.k; i < q; ++i) {
    if (sign_of_largest(vt + i * e.n, e.n, 1) < 0) scale_vector(vt + i * e.n, e.n, 1, T{-1});
  }
}

void svd(const Call& call) {
  call.expect_counts(1, 3);
  const View& a = call.input(0);
  const View &u = call.output(0), &s = call.output(1), &vt = call.output(2);
  const Extents e = extents_of(call, a, s);
  const bool full = call.integer(0, 0, 1) == 1;
  const std::size_t p = full ? e.m : e.k, q = full ? e.n : e.k;
  call.expect(u.shape == Shape{a.dim(0), a.dim(1), static_cast<std::int64_t>(p)} &&
                  vt.shape == Shape{a.dim(0), static_cast<std::int64_t>(q), a.dim(2)},
              "expected [B, m, k] and [B, k, n] for the vectors, or [B, m, m] and [B, n, n]");
  dispatch_float(a.dtype, [&]<typename T>() {
    const T* in = a.as<T>();
    T *left = u.as<T>(), *values = s.as<T>(), *right = vt.as<T>();
    if (u.size == 0 && vt.size == 0) return;
    call.expect(a.dim(1) <= kMostRows && a.dim(2) <= kMostRows, "the matrix is too large");
    const auto count = static_cast<std::size_t>(a.dim(0));
    if (e.k == 0) {
      // A matrix without rows or columns: any basis will do.
      for (std::size_t i = 0; i < count; ++i)
        set_identity(left + i * p * p, p), set_identity(right + i * q * q, q);
      return;
    }
    factor_each(
        call, "svd", count, e.work, Size::small,
        [&](std::size_t i) {
          if (!all_finite(in + i * e.m * e.n, e.m * e.n)) return kNotFinite;
          const StoragePtr copy = call.scratch(e.m * e.n * sizeof(T));
          T* matrix = reinterpret_cast<T*>(copy->data());
          std::copy_n(in + i * e.m * e.n, e.m * e.n, matrix);
          T *mine = left + i * e.m * p, *partner = right + i * q * e.n;
          const int info = decompose(call, full ? 'A' : 'S', e, matrix, values + i * e.k, mine, partner, p);
          if (info == 0) fix_signs(e, p, q, mine, partner);
          return info;
        },
        no_convergence);
  });
}

void svdvals(const Call& call) {
  call.expect_counts(1, 1);
  const View& a = call.input(0);
  const View& s = call.output(0);
  const Extents e = extents_of(call, a, s);
  dispatch_float(a.dtype, [&]<typename T>() {
    const T* in = a.as<T>();
    T* values = s.as<T>();
    if (s.size == 0) return;
    call.expect(a.dim(1) <= kMostRows && a.dim(2) <= kMostRows, "the matrix is too large");
    factor_each(
        call, "svdvals", static_cast<std::size_t>(a.dim(0)), e.work / 3, Size::small,
        [&](std::size_t i) {
          if (!all_finite(in + i * e.m * e.n, e.m * e.n)) return kNotFinite;
          const StoragePtr copy = call.scratch(e.m * e.n * sizeof(T));
          T* matrix = reinterpret_cast<T*>(copy->data());
          std::copy_n(in + i * e.m * e.n, e.m * e.n, matrix);
          return decompose<T>(call, 'N', e, matrix, values + i * e.k, nullptr, nullptr, e.k);
        },
        no_convergence);
  });
}

PALIMPSEST_KERNEL("svd", svd);
PALIMPSEST_KERNEL("svdvals", svdvals);

}  // namespace
}  // namespace palimpsest
