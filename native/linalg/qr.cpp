// qr: Q [B, m, p] with orthonormal columns and R [B, p, n], upper triangular with a diagonal that is not
// negative, of [B, m, n]; p = min(m, n), or m.
#include "lapack.h"
#include "matrices.h"
#include "signs.h"

namespace palimpsest {
namespace {

constexpr std::size_t kBlock = 64;     // reflectors that are applied together
constexpr std::size_t kColumns = 128;  // columns that one thread applies them to
constexpr double kLarge = 1.2e7;       // operations from which on threads share a matrix

// The decomposition of one matrix, kept by columns: reflectors lie along them, and reading along rows is
// slow.
template <typename T>
class Reflections {
 public:
  Reflections(const Call& call, std::size_t m, std::size_t n, std::size_t p, bool is_shared)
      : call_(call),
        m_(m),
        n_(n),
        p_(p),
        k_(std::min(m, n)),
        is_shared_(is_shared),
        storage_(call.scratch((m * std::max(n, p) + k_ + kBlock * kBlock + kBlock * kBlock) * sizeof(T))) {
    a_ = reinterpret_cast<T*>(storage_->data());
    tau_ = a_ + m * std::max(n, p);
    triangle_ = tau_ + k_;
    work_ = triangle_ + kBlock * kBlock;
  }

  int run(const T* a, T* q, T* r) {
    transpose(a, m_, n_, a_);
    for (std::size_t i = 0; i < k_; i += kBlock) {
      const std::size_t width = std::min(kBlock, k_ - i);
      if (const int info = factor_panel(i, width); info != 0) return info;
      apply(i, width, n_, 'T');
    }
    for (std::size_t i = 0; i < p_; ++i) {
      for (std::size_t j = 0; j < n_; ++j) r[i * n_ + j] = i <= j ? a_[j * m_ + i] : T{0};
    }
    // Q is the product of all reflections with the first columns of the identity, last block first.
    for (std::size_t j = k_; j < p_; ++j) {
      std::fill(a_ + j * m_, a_ + (j + 1) * m_, T{0});
      a_[j * m_ + j] = 1;
    }
    for (std::size_t i = (k_ - 1) / kBlock * kBlock;; i -= kBlock) {
      const std::size_t width = std::min(kBlock, k_ - i);
      apply(i, width, p_, 'N');
      if (const int info = expand_panel(i, width); info != 0) return info;
      if (i == 0) break;
    }
    transpose(a_, p_, m_, q);
    return 0;
  }

 private:
  T* at(std::size_t row, std::size_t column) const { return a_ + column * m_ + row; }

  // y[j, i] = x[i, j] for x [rows, columns].
  static void transpose(const T* x, std::size_t rows, std::size_t columns, T* y) {
    constexpr std::size_t kTile = 32;
    for (std::size_t i0 = 0; i0 < rows; i0 += kTile) {
      for (std::size_t j0 = 0; j0 < columns; j0 += kTile) {
        for (std::size_t j = j0; j < std::min(columns, j0 + kTile); ++j) {
          for (std::size_t i = i0; i < std::min(rows, i0 + kTile); ++i) y[j * rows + i] = x[i * columns + j];
        }
      }
    }
  }

  int factor_panel(std::size_t i, std::size_t width) {
    const BlasPermit permit;
    return lapack::geqrf(static_cast<int>(m_ - i), static_cast<int>(width), at(i, i), static_cast<int>(m_),
                         tau_ + i, work_, static_cast<int>(kBlock * kBlock));
  }

  int expand_panel(std::size_t i, std::size_t width) {
    const BlasPermit permit;
    for (std::size_t j = i; j < i + width; ++j) std::fill(at(0, j), at(i, j), T{0});
    const int columns = static_cast<int>(width);
    return lapack::orgqr(static_cast<int>(m_ - i), columns, columns, at(i, i), static_cast<int>(m_), tau_ + i,
                         work_, static_cast<int>(kBlock * kBlock));
  }

  // The reflections of the block at column i, or their transposed product, applied to the columns after it,
  // up to `end`.
  void apply(std::size_t i, std::size_t width, std::size_t end, char transposition) {
    const std::size_t first = i + width;
    if (first >= end) return;
    const int rows = static_cast<int>(m_ - i), reflectors = static_cast<int>(width),
              stride = static_cast<int>(m_);
    {
      const BlasPermit permit;
      lapack::larft(rows, reflectors, at(i, i), stride, tau_ + i, triangle_, reflectors);
    }
    const auto piece = [&](std::size_t begin, std::size_t stop) {
      const BlasPermit permit;
      const int columns = static_cast<int>(stop - begin);
      const StoragePtr scratch = call_.scratch((stop - begin) * width * sizeof(T));
      lapack::larfb(transposition, rows, columns, reflectors, at(i, i), stride, triangle_, reflectors,
                    at(i, first + begin), stride, reinterpret_cast<T*>(scratch->data()), columns);
    };
    if (!is_shared_) return piece(0, end - first);
    call_.workers.parallel_range(end - first, kColumns, piece);
  }

  const Call& call_;
  const std::size_t m_, n_, p_, k_;
  const bool is_shared_;
  const StoragePtr storage_;
  T *a_, *tau_, *triangle_, *work_;
};

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
    const bool is_shared = work >= kLarge;
    factor_each(
        call, "qr", static_cast<std::size_t>(a.dim(0)), work, is_shared ? Size::large : Size::small,
        [&](std::size_t i) {
          T *mine = orthonormal + i * m * width, *partner = upper + i * width * n;
          if (n == 0) {
            // No columns: the complete basis is any.
            std::fill_n(mine, m * m, T{0});
            for (std::size_t j = 0; j < m; ++j) mine[j * m + j] = 1;
            return 0;
          }
          if (!all_finite(in + i * m * n, m * n)) return kNotFinite;
          const int info = Reflections<T>(call, m, n, width, is_shared).run(in + i * m * n, mine, partner);
          if (info == 0) fix_signs(m, n, width, mine, partner);
          return info;
        },
        [](int) { return Error("ERR_INTERNAL", "LAPACK refused an argument"); });
  });
}

PALIMPSEST_KERNEL("qr", qr);

}  // namespace
}  // namespace palimpsest
