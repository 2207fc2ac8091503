// matrixExponential: e^A for each matrix of [B, n, n], by Pade approximants with scaling and squaring (Higham
// 2005).
#include <algorithm>
#include <array>
#include <cmath>

#include "lapack.h"
#include "matrices.h"

namespace palimpsest {
namespace {

// From here on each product is divided among threads, by rows.
constexpr std::size_t kLarge = 256;
constexpr std::size_t kRows = 64;

// The largest 1-norm for which the approximants used here are exact to float64's rounding (Higham 2005,
// table 2.3).
struct Degree {
  int degree;
  double norm;
};
constexpr std::array<Degree, 4> kDegrees = {{{3, 1.495585217958292e-2},
                                             {5, 2.539398330063230e-1},
                                             {7, 9.504178996162932e-1},
                                             {13, 5.371920351148152}}};

template <typename T>
class Exponential {
 public:
  Exponential(const Call& call, std::size_t n)
      : call_(call), n_(n), size_(n * n), storage_(call.scratch(7 * n * n * sizeof(T) + n * sizeof(int))) {}

  // y must not be a. Returns LAPACK's info.
  int run(const T* a, T* y) {
    if (!all_finite(a, size_)) return kNotFinite;
    const double norm = norm_of(a);
    int degree = 13, squarings = 0;
    for (const Degree& candidate : kDegrees) {
      if (norm > candidate.norm) continue;
      degree = candidate.degree;
      break;
    }
    if (norm > kDegrees.back().norm) squarings = std::ilogb(norm / kDegrees.back().norm) + 1;
    T* scaled = array(0);
    for (std::size_t i = 0; i < size_; ++i) scaled[i] = std::ldexp(a[i], -squarings);
    if (const int info = approximate(degree, y); info != 0) return info;
    for (int i = 0; i < squarings; ++i) {
      multiply(y, y, scaled);
      std::copy_n(scaled, size_, y);
    }
    return 0;
  }

 private:
  T* array(std::size_t index) const { return reinterpret_cast<T*>(storage_->data()) + index * size_; }

  // The largest sum of absolute values of a column.
  double norm_of(const T* a) const {
    double largest = 0;
    for (std::size_t j = 0; j < n_; ++j) {
      double sum = 0;
      for (std::size_t i = 0; i < n_; ++i) sum += std::abs(static_cast<double>(a[i * n_ + j]));
      largest = std::max(largest, sum);
    }
    return largest;
  }

  // C = A B for row-major matrices, which by columns is C^T = B^T A^T.
  void multiply(const T* a, const T* b, T* c) const {
    const int n = static_cast<int>(n_);
    const auto rows = [&](std::size_t begin, std::size_t end) {
      const BlasPermit permit;
      lapack::gemm('N', 'N', n, static_cast<int>(end - begin), n, T{1}, b, n, a + begin * n_, n, T{0},
                   c + begin * n_, n);
    };
    if (n_ < kLarge) return rows(0, n_);
    call_.workers.parallel_range(n_, kRows, rows);
  }

  // r(A) = (V - U)^-1 (V + U), where U has the odd powers of A and V the even ones.
  int approximate(int degree, T* y) const {
    T *a = array(0), *square = array(1), *u = array(4), *v = array(5), *product = array(6);
    const std::vector<double> c = coefficients(degree);
    multiply(a, a, square);
    if (degree > 3) multiply(square, square, array(2));
    if (degree > 5) multiply(square, array(2), array(3));
    even_powers(c, 1, v, product, u);
    multiply(a, u, product);
    std::copy_n(product, size_, u);
    even_powers(c, 0, y, product, v);
    T* difference = product;
    for (std::size_t i = 0; i < size_; ++i) {
      difference[i] = v[i] - u[i];
      y[i] = v[i] + u[i];
    }
    return solve(difference, y);
  }

  // c_j + c_(j+2) A^2 + c_(j+4) A^4 + ..., powers beyond the sixth through A^6 (...). The others are for
  // work.
  void even_powers(const std::vector<double>& c, std::size_t j, T* work, T* product, T* sum) const {
    std::fill_n(sum, size_, T{0});
    for (std::size_t i = 0; i < n_; ++i) sum[i * n_ + i] = static_cast<T>(c[j]);
    for (std::size_t k = 1; k <= 3 && j + 2 * k < c.size(); ++k) add_power(c[j + 2 * k], k, sum);
    if (j + 8 >= c.size()) return;
    std::fill_n(work, size_, T{0});
    for (std::size_t k = 1; k <= 3; ++k) add_power(c[j + 6 + 2 * k], k, work);
    multiply(array(3), work, product);
    for (std::size_t i = 0; i < size_; ++i) sum[i] += product[i];
  }

  void add_power(double factor, std::size_t power, T* sum) const {
    const T* x = array(power);
    for (std::size_t i = 0; i < size_; ++i) sum[i] += static_cast<T>(factor) * x[i];
  }

  // c_j = c_(j-1) (m - j + 1) / ((2 m - j + 1) j)
  static std::vector<double> coefficients(int degree) {
    std::vector<double> c{1};
    for (int j = 1; j <= degree; ++j) c.push_back(c.back() * (degree - j + 1) / ((2.0 * degree - j + 1) * j));
    return c;
  }

  // Y = M^-1 Y: by columns Y^T M^T with M^T = P L U, from the right; the exchanges are of rows of Y.
  int solve(T* m, T* y) const {
    const BlasPermit permit;
    const int n = static_cast<int>(n_);
    int* pivots = reinterpret_cast<int*>(array(7));
    if (const int info = lapack::getrf(n, n, m, n, pivots); info != 0) return info;
    lapack::trsm('R', 'U', 'N', 'N', n, n, m, n, y, n);
    lapack::trsm('R', 'L', 'N', 'U', n, n, m, n, y, n);
    for (std::size_t i = n_; i-- > 0;) {
      const auto other = static_cast<std::size_t>(pivots[i] - 1);
      if (other != i) std::swap_ranges(y + i * n_, y + (i + 1) * n_, y + other * n_);
    }
    return 0;
  }

  const Call& call_;
  const std::size_t n_;
  const std::size_t size_;
  const StoragePtr storage_;
};

void matrix_exponential(const Call& call) {
  call.expect_counts(1, 1);
  const View& a = call.input(0);
  const View& y = call.output(0);
  call.expect(a.rank() == 3 && a.dim(1) == a.dim(2) && y.shape == a.shape, "expected [B, n, n] in and out");
  call.expect(a.dim(1) <= kMostRows, "the matrix is too large");
  dispatch_float(a.dtype, [&]<typename T>() {
    const T* in = a.as<T>();
    T* out = y.as<T>();
    if (a.size == 0) return;
    const auto n = static_cast<std::size_t>(a.dim(1));
    const double work = 40.0 * static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n);
    factor_each(
        call, "matrixExponential", static_cast<std::size_t>(a.dim(0)), work,
        n < kLarge ? Size::small : Size::large,
        [&](std::size_t i) { return Exponential<T>(call, n).run(in + i * n * n, out + i * n * n); },
        [](int) { return Error("ERR_SINGULAR", "the denominator of the approximant is singular"); });
  });
}

PALIMPSEST_KERNEL("matrixExponential", matrix_exponential);

}  // namespace
}  // namespace palimpsest
