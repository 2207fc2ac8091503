// Layer and group norm of a row. Included by one file per instruction set, with the precautions of lanes.h.
#include "kernels/lanes.h"
#include "row_loops.h"
#include "write_row.inl"

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
    fetch_ahead(at, x, n);
    const Vector<T> d = at(x, centre) - centre;
    sums[0] += d;
    sums[1] += d * d;
  });
  return centred(n, centre, totals[0], totals[1], eps);
}

template <typename T>
void layer_norm_row(std::size_t n, const T* x, const T* gain, const T* bias, double eps, Write write,
                    T* y) {
  const Centred<T> row = centred(n, x, eps);
  const T rstd = static_cast<T>(row.rstd);
  write_row<T>(n, write, y, [&](auto at) {
    return ((at(x) - row.centre) - row.rest) * rstd * at(gain) + at(bias);
  });
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

// A row's statistics and the three numbers of its gradient.
template <typename T>
struct LayerNormGrad {
  Centred<T> row;
  NormGrad<T> grad;
};

template <typename T>
inline LayerNormGrad<T> layer_norm_gradient(std::size_t n, const T* x, const T* gain, const T* g, double eps) {
  const T centre = mean_of(n, x);
  double totals[4];
  add_up<T>(n, totals, [&](auto at, Vector<T>* sums) {
    fetch_ahead(at, x, n);
    fetch_ahead(at, g, n);
    const Vector<T> d = at(x, centre) - centre;
    const Vector<T> h = at(g) * at(gain);
    sums[0] += d;
    sums[1] += d * d;
    sums[2] += h;
    sums[3] += h * d;
  });
  const Centred<T> row = centred(n, centre, totals[0], totals[1], eps);
  return {row, NormGrad<T>(n, row, totals[2], totals[3])};
}

template <typename T>
void layer_norm_grad_row(std::size_t n, const T* x, const T* gain, const T* g, double eps, T* dx) {
  const auto [row, grad] = layer_norm_gradient(n, x, gain, g, eps);
  const T centre = row.centre, a = grad.a, b = grad.b, c = grad.c;
  for_each_vector<T>(n, [&](auto at) { at.put(dx, (at(g) * at(gain) * a + (at(x) - centre) * b) + c); });
}

template <typename T>
void layer_norm_grads_row(std::size_t n, const T* x, const T* gain, const T* g, double eps, Write write,
                          T* dx, T* dgain, T* dbias) {
  const auto [row, grad] = layer_norm_gradient(n, x, gain, g, eps);
  const T centre = row.centre, rest = row.rest, a = grad.a, b = grad.b, c = grad.c;
  const T rstd = static_cast<T>(row.rstd);
  write_row<T>(n, write, dx, [&](auto at) {
    const Vector<T> up = at(g), d = at(x) - centre;
    at.put(dgain, at(dgain) + up * ((d - rest) * rstd));
    at.put(dbias, at(dbias) + up);
    return (up * at(gain) * a + d * b) + c;
  });
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

template <typename T>
void rms_norm_row(std::size_t n, const T* x, const T* gain, double eps, T* y) {
  double total[1];
  add_up<T>(n, total, [&](auto at, Vector<T>* sums) { sums[0] += at(x) * at(x); });
  const T scale = static_cast<T>(1 / __builtin_sqrt(total[0] / static_cast<double>(n) + eps));
  for_each_vector<T>(n, [&](auto at) { at.put(y, at(x) * scale * at(gain)); });
}

// dx = r h - x r^3 mean(h x) with h = g gain
template <typename T>
void rms_norm_grad_row(std::size_t n, const T* x, const T* gain, const T* g, double eps, T* dx) {
  double totals[2];
  add_up<T>(n, totals, [&](auto at, Vector<T>* sums) {
    const Vector<T> v = at(x);
    sums[0] += v * v;
    sums[1] += at(g) * at(gain) * v;
  });
  const double count = static_cast<double>(n);
  const double scale = 1 / __builtin_sqrt(totals[0] / count + eps);
  const T a = static_cast<T>(scale), b = static_cast<T>(-scale * scale * scale * totals[1] / count);
  for_each_vector<T>(n, [&](auto at) { at.put(dx, at(g) * at(gain) * a + at(x) * b); });
}

// Calls use(offset) for the runs of one channel.
template <typename Use>
inline void for_each_run(const ChannelRuns& runs, Use&& use) {
  for (std::size_t i = 0; i < runs.examples; ++i) use(i * runs.step);
}

// The mean of a channel.
template <typename T>
inline T mean_of_runs(const ChannelRuns& runs, const T* x) {
  double sum = 0;
  for_each_run(runs, [&](std::size_t at_run) {
    double total[1];
    add_up<T>(runs.cells, total, [&](auto at, Vector<T>* sums) { sums[0] += at(x + at_run); });
    sum += total[0];
  });
  return static_cast<T>(sum / static_cast<double>(runs.examples * runs.cells));
}

template <typename T>
void batch_norm_runs(const ChannelRuns& runs, const T* x, T gain, T bias, double eps, T* y, T* statistics) {
  const T centre = mean_of_runs(runs, x);
  double deviations = 0, squares = 0;
  for_each_run(runs, [&](std::size_t at_run) {
    double totals[2];
    add_up<T>(runs.cells, totals, [&](auto at, Vector<T>* sums) {
      const Vector<T> d = at(x + at_run, centre) - centre;
      sums[0] += d;
      sums[1] += d * d;
    });
    deviations += totals[0];
    squares += totals[1];
  });
  const std::size_t n = runs.examples * runs.cells;
  const Centred<T> channel = centred(n, centre, deviations, squares, eps);
  const double rest = static_cast<double>(channel.rest);
  const double variance = squares / static_cast<double>(n) - rest * rest;
  statistics[0] = centre + channel.rest;
  statistics[1] = static_cast<T>(variance > 0 ? variance : variance * 0);
  const T scale = static_cast<T>(channel.rstd) * gain;
  for_each_run(runs, [&](std::size_t at_run) {
    for_each_vector<T>(runs.cells, [&](auto at) {
      at.put(y + at_run, ((at(x + at_run) - channel.centre) - channel.rest) * scale + bias);
    });
  });
}

template <typename T>
void batch_norm_grad_runs(const ChannelRuns& runs, const T* x, T gain, const T* g, double eps, T* dx) {
  const T centre = mean_of_runs(runs, x);
  double sums_of[4] = {};
  for_each_run(runs, [&](std::size_t at_run) {
    double totals[4];
    add_up<T>(runs.cells, totals, [&](auto at, Vector<T>* sums) {
      const Vector<T> d = at(x + at_run, centre) - centre, up = at(g + at_run);
      sums[0] += d;
      sums[1] += d * d;
      sums[2] += up;
      sums[3] += up * d;
    });
    for (std::size_t k = 0; k < 4; ++k) sums_of[k] += totals[k];
  });
  const std::size_t n = runs.examples * runs.cells;
  const double scale = static_cast<double>(gain);
  const NormGrad<T> grad(n, centred(n, centre, sums_of[0], sums_of[1], eps), sums_of[2] * scale,
                         sums_of[3] * scale);
  const T a = grad.a * gain;
  for_each_run(runs, [&](std::size_t at_run) {
    for_each_vector<T>(runs.cells, [&](auto at) {
      at.put(dx + at_run, (at(g + at_run) * a + (at(x + at_run) - centre) * grad.b) + grad.c);
    });
  });
}

}  // namespace
}  // namespace palimpsest
