// Layer and group norm of a row. Included by one file per instruction set, with the precautions of lanes.h.
#include "kernels/lanes.h"

namespace palimpsest {
namespace {

// Deviations are taken from `centre`, the mean rounded to T, and `rest` is what the rounding lost: a row far
// from zero keeps the precision of its deviations.
template <typename T>
struct Centred {
  T centre;
  T rest;
  double rstd;  // 1 / sqrt(variance + eps)
};

template <typename T>
inline T mean_of(std::size_t n, const T* x) {
  double total[1];
  add_up<T>(n, total, [&](auto at, Vector<T>* sums) { sums[0] += at(x); });
  return static_cast<T>(total[0] / static_cast<double>(n));
}

template <typename T>
inline Centred<T> centred(std::size_t n, T centre, double deviations, double squares, double eps) {
  const double rest = deviations / static_cast<double>(n);
  const double variance = squares / static_cast<double>(n) - rest * rest;
  return {centre, static_cast<T>(rest), 1 / __builtin_sqrt((variance > 0 ? variance : variance * 0) + eps)};
}

template <typename T>
inline Centred<T> centred(std::size_t n, const T* x, double eps) {
  const T centre = mean_of(n, x);
  double totals[2];
  add_up<T>(n, totals, [&](auto at, Vector<T>* sums) {
    const Vector<T> d = at(x, centre) - centre;
    sums[0] += d;
    sums[1] += d * d;
  });
  return centred(n, centre, totals[0], totals[1], eps);
}

template <typename T>
void layer_norm_row(std::size_t n, const T* x, const T* gain, const T* bias, double eps, T* y) {
  const Centred<T> row = centred(n, x, eps);
  const T rstd = static_cast<T>(row.rstd);
  for_each_vector<T>(
      n, [&](auto at) { at.put(y, ((at(x) - row.centre) - row.rest) * rstd * at(gain) + at(bias)); });
}

// dx = rstd * (h - mean(h) - xhat * mean(h xhat)), written as a h + b (x - centre) + c.
template <typename T>
struct NormGrad {
  T a, b, c;

  // From the sums of h and of h (x - centre).
  NormGrad(std::size_t n, const Centred<T>& row, double h_sum, double h_dot) {
    const double count = static_cast<double>(n);
    const double rest = static_cast<double>(row.rest);
    const double slope = row.rstd * row.rstd * row.rstd * (h_dot - rest * h_sum) / count;
    a = static_cast<T>(row.rstd);
    b = static_cast<T>(-slope);
    c = static_cast<T>(rest * slope - row.rstd * h_sum / count);
  }
};

template <typename T>
void layer_norm_grad_row(std::size_t n, const T* x, const T* gain, const T* g, double eps, T* dx) {
  const T centre = mean_of(n, x);
  double totals[4];
  add_up<T>(n, totals, [&](auto at, Vector<T>* sums) {
    const Vector<T> d = at(x, centre) - centre;
    const Vector<T> h = at(g) * at(gain);
    sums[0] += d;
    sums[1] += d * d;
    sums[2] += h;
    sums[3] += h * d;
  });
  const NormGrad<T> grad(n, centred(n, centre, totals[0], totals[1], eps), totals[2], totals[3]);
  for_each_vector<T>(
      n, [&](auto at) { at.put(dx, (at(g) * at(gain) * grad.a + (at(x) - centre) * grad.b) + grad.c); });
}

template <typename T>
void group_norm_rows(std::size_t channels, std::size_t cells, const T* x, const T* gain, const T* bias,
                     double eps, T* y) {
  const Centred<T> group = centred(channels * cells, x, eps);
  for (std::size_t c = 0; c < channels; ++c) {
    const T scale = static_cast<T>(group.rstd) * gain[c];
    for_each_vector<T>(cells, [&](auto at) {
      at.put(y + c * cells, ((at(x + c * cells) - group.centre) - group.rest) * scale + bias[c]);
    });
  }
}

template <typename T>
void group_norm_grad_rows(std::size_t channels, std::size_t cells, const T* x, const T* gain, const T* g,
                          double eps, T* dx) {
  const Centred<T> group = centred(channels * cells, x, eps);
  double h_sum = 0, h_dot = 0;
  for (std::size_t c = 0; c < channels; ++c) {
    double totals[2];
    add_up<T>(cells, totals, [&](auto at, Vector<T>* sums) {
      const Vector<T> up = at(g + c * cells);
      sums[0] += up;
      sums[1] += up * (at(x + c * cells, group.centre) - group.centre);
    });
    h_sum += totals[0] * static_cast<double>(gain[c]);
    h_dot += totals[1] * static_cast<double>(gain[c]);
  }
  const NormGrad<T> grad(channels * cells, group, h_sum, h_dot);
  for (std::size_t c = 0; c < channels; ++c) {
    const T scale = grad.a * gain[c];
    for_each_vector<T>(cells, [&](auto at) {
      at.put(dx + c * cells,
             (at(g + c * cells) * scale + (at(x + c * cells) - group.centre) * grad.b) + grad.c);
    });
  }
}

}  // namespace
}  // namespace palimpsest
