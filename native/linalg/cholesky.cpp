// cholesky: the lower factor L of A = L L^T, for the symmetric part A of each matrix of [B, n, n].
#include "lapack.h"
#include "matrices.h"

namespace palimpsest {
namespace {

template <typename T>
int factor(const T* a, std::size_t n, T* l) {
  if (!all_finite(a, n * n)) return kNotFinite;
  symmetric_part(a, n, l);
  // Read by columns, the factor U of U^T U that LAPACK puts into the upper triangle is our L in the lower
  // one.
  const int order = static_cast<int>(n);
  const int info = lapack::potrf('U', order, l, order);
  for (std::size_t i = 0; i < n; ++i) std::fill(l + i * n + i + 1, l + (i + 1) * n, T{0});
  return info;
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
        [&](std::size_t i) { return factor(in + i * n * n, n, out + i * n * n); },
        [](int pivot) {
          return Error("ERR_NOT_POSITIVE_DEFINITE", "a positive definite matrix expected, the pivot of row " +
                                                        std::to_string(pivot - 1) + " is not positive");
        });
  });
}

PALIMPSEST_KERNEL("cholesky", cholesky);

}  // namespace
}  // namespace palimpsest
