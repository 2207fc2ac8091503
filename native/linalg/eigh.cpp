// eigh: eigenvalues in ascending order [B, n] and eigenvectors [B, n, n], in the columns, of the symmetric
// part of each matrix of [B, n, n]. eigvalsh: the eigenvalues alone.
#include "lapack.h"
#include "matrices.h"
#include "signs.h"

namespace palimpsest {
namespace {

// What LAPACK's documentation asks for, with room for its blocked reduction to tridiagonal form.
struct WorkSizes {
  WorkSizes(std::size_t n, bool vectors)
      : reals(static_cast<int>(std::max(vectors ? 1 + 6 * n + 2 * n * n : 2 * n + 1, 2 * n + n * 64))),
        integers(static_cast<int>(vectors ? 3 + 5 * n : 1)) {}

  const int reals;
  const int integers;
};

// `a` holds the matrix and receives the eigenvectors as rows.
template <typename T>
int solve(const Call& call, bool vectors, std::size_t n, T* a, T* w) {
  const WorkSizes sizes(n, vectors);
  const StoragePtr reals = call.scratch(static_cast<std::size_t>(sizes.reals) * sizeof(T));
  const StoragePtr integers = call.scratch(static_cast<std::size_t>(sizes.integers) * sizeof(int));
  return lapack::syevd(vectors ? 'V' : 'N', static_cast<int>(n), a, static_cast<int>(n), w,
                       reinterpret_cast<T*>(reals->data()), sizes.reals,
                       reinterpret_cast<int*>(integers->data()), sizes.integers);
}

Error no_convergence(int) {
  return Error("ERR_NO_CONVERGENCE", "the iteration for the eigenvalues did not converge");
}

void check_square(const Call& call, const View& a, const View& w) {
  call.expect(a.rank() == 3 && a.dim(1) == a.dim(2), "expected [B, n, n]");
  call.expect(w.shape == Shape{a.dim(0), a.dim(1)}, "expected [B, n] for the eigenvalues");
  call.expect(a.dim(1) <= kMostRows, "the matrix is too large");
}

void eigh(const Call& call) {
  call.expect_counts(1, 2);
  const View& a = call.input(0);
  const View& w = call.output(0);
  const View& v = call.output(1);
  check_square(call, a, w);
  call.expect(v.shape == a.shape, "expected [B, n, n] for the eigenvectors");
  dispatch_float(a.dtype, [&]<typename T>() {
    const T* in = a.as<T>();
    T* values = w.as<T>();
    T* vectors = v.as<T>();
    if (a.size == 0) return;
    const auto n = static_cast<std::size_t>(a.dim(1));
    const double cube = static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n);
    factor_each(
        call, "eigh", static_cast<std::size_t>(a.dim(0)), 9 * cube,
        [&](std::size_t i) {
          T* rows = vectors + i * n * n;
          if (!all_finite(in + i * n * n, n * n)) return kNotFinite;
          symmetric_part(in + i * n * n, n, rows);
          const int info = solve(call, true, n, rows, values + i * n);
          if (info != 0) return info;
          for (std::size_t k = 0; k < n; ++k) {
            if (sign_of_largest(rows + k * n, n, 1) < 0) scale_vector(rows + k * n, n, 1, T{-1});
          }
          transpose_in_place(rows, n);
          return 0;
        },
        no_convergence);
  });
}

void eigvalsh(const Call& call) {
  call.expect_counts(1, 1);
  const View& a = call.input(0);
  const View& w = call.output(0);
  check_square(call, a, w);
  dispatch_float(a.dtype, [&]<typename T>() {
    const T* in = a.as<T>();
    T* values = w.as<T>();
    if (a.size == 0) return;
    const auto n = static_cast<std::size_t>(a.dim(1));
    const double cube = static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n);
    factor_each(
        call, "eigvalsh", static_cast<std::size_t>(a.dim(0)), 4 * cube / 3,
        [&](std::size_t i) {
          if (!all_finite(in + i * n * n, n * n)) return kNotFinite;
          const StoragePtr copy = call.scratch(n * n * sizeof(T));
          T* matrix = reinterpret_cast<T*>(copy->data());
          symmetric_part(in + i * n * n, n, matrix);
          return solve(call, false, n, matrix, values + i * n);
        },
        no_convergence);
  });
}

PALIMPSEST_KERNEL("eigh", eigh);
PALIMPSEST_KERNEL("eigvalsh", eigvalsh);

}  // namespace
}  // namespace palimpsest
