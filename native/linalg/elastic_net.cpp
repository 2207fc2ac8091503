// elasticNet: for targets Y [K, n], X [n, p] and strengths [A], the w [K, A, p] that minimise
//   |y - X w|^2 / (2 n) + strength (ratio |w|_1 + (1 - ratio) / 2 |w|^2),
// each starting from the one before; and the duality gaps [K, A] and sweeps int32 [K, A]. float64.
// Attributes: ratio, tolerance, most sweeps, whether w must not be negative.
#include <algorithm>
#include <cmath>
#include <vector>

#include "core/kernel.h"
#include "kernels/pieces.h"

namespace palimpsest {
namespace {

struct Settings {
  double ratio, tolerance;
  std::int64_t sweeps;
  bool positive;
};

double dot(const double* a, const double* b, std::size_t n) {
  constexpr std::size_t kSums = 8;
  double sums[kSums] = {};
  std::size_t i = 0;
  for (; i + kSums <= n; i += kSums) {
    for (std::size_t j = 0; j < kSums; ++j) sums[j] += a[i + j] * b[i + j];
  }
  for (; i < n; ++i) sums[0] += a[i] * b[i];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

// Cyclic coordinate descent (Friedman, Hastie and Tibshirani 2010) on columns x[j], contiguous, with the
// residual kept.
class Descent {
 public:
  Descent(const double* columns, const double* y, std::size_t n, std::size_t p, const Settings& settings)
      : x_(columns), y_(y), n_(n), p_(p), settings_(settings), residual_(y, y + n), w_(p, 0), norms_(p) {
    for (std::size_t j = 0; j < p; ++j) norms_[j] = dot(x_ + j * n, x_ + j * n, n);
    scale_ = dot(y, y, n);
  }

  // Returns the sweeps that it took; `gap` receives the duality gap over n.
  std::int32_t run(double strength, const Workers& workers, double* gap) {
    const double first = strength * settings_.ratio * static_cast<double>(n_);
    const double second = strength * (1 - settings_.ratio) * static_cast<double>(n_);
    const double enough = settings_.tolerance * scale_;
    std::int32_t sweeps = 0;
    for (;;) {
      double largest_step = 0, largest = 0;
      if (sweeps < settings_.sweeps) {
        if (workers.cancelled()) throw Error("ERR_ABORTED", "the evaluation was aborted");
        ++sweeps;
        for (std::size_t j = 0; j < p_; ++j) {
          largest_step = std::max(largest_step, std::abs(update(j, first, second)));
          largest = std::max(largest, std::abs(w_[j]));
        }
      }
      // The gap costs as much as a sweep: look when little moves, and now and then.
      const bool is_last = sweeps >= settings_.sweeps;
      if (largest_step > settings_.tolerance * largest && sweeps % 10 != 0 && !is_last) continue;
      *gap = duality_gap(first, second);
      if (!std::isfinite(*gap))
        throw Error("ERR_VALUE", "elasticNet: the sums of the numbers' squares overflow");
      // Where nothing moves, nothing will.
      if (*gap <= enough || is_last || largest_step == 0) break;
    }
    *gap /= static_cast<double>(n_);
    return sweeps;
  }

  const std::vector<double>& weights() const { return w_; }

 private:
  // The minimum over one weight; returns its change.
  double update(std::size_t j, double first, double second) {
    if (norms_[j] == 0) return 0;
    const double* column = x_ + j * n_;
    const double before = w_[j];
    const double pull = dot(column, residual_.data(), n_) + norms_[j] * before;
    const double shrunk = settings_.positive ? std::max(pull - first, 0.0)
                                             : std::copysign(std::max(std::abs(pull) - first, 0.0), pull);
    w_[j] = shrunk / (norms_[j] + second);
    const double change = w_[j] - before;
    if (change != 0) {
      for (std::size_t i = 0; i < n_; ++i) residual_[i] -= change * column[i];
    }
    return change;
  }

  // The primal value less the larger of two dual ones. The residual itself is a dual point when there is a
  // square in the penalty; shrunk until no slope exceeds the penalty of |w|, it is one for the lasso with the
  // square's rows appended.
  double duality_gap(double first, double second) const {
    double steepest = 0, l1 = 0, squares = 0, excess = 0;
    for (std::size_t j = 0; j < p_; ++j) {
      const double pull = dot(x_ + j * n_, residual_.data(), n_), slope = pull - second * w_[j];
      steepest = std::max(steepest, settings_.positive ? slope : std::abs(slope));
      l1 += std::abs(w_[j]);
      squares += w_[j] * w_[j];
      const double above = std::max((settings_.positive ? pull : std::abs(pull)) - first, 0.0);
      excess += above * above;
    }
    const double error = dot(residual_.data(), residual_.data(), n_), fit = dot(residual_.data(), y_, n_);
    const double primal = 0.5 * error + first * l1 + 0.5 * second * squares;
    const double shrink = steepest > first ? first / steepest : 1;
    double dual = shrink * fit - 0.5 * shrink * shrink * (error + second * squares);
    if (second > 0) dual = std::max(dual, fit - 0.5 * error - 0.5 * excess / second);
    return std::max(primal - dual, 0.0);
  }

  const double* x_;
  const double* y_;
  const std::size_t n_, p_;
  const Settings settings_;
  std::vector<double> residual_, w_, norms_;
  double scale_ = 0;
};

void elastic_net(const Call& call) {
  call.expect_counts(3, 3);
  const View &x = call.input(0), &y = call.input(1), &strengths = call.input(2);
  const View &w = call.output(0), &gaps = call.output(1), &sweeps = call.output(2);
  call.expect(x.rank() == 2 && y.rank() == 2 && y.dim(1) == x.dim(0) && strengths.rank() == 1,
              "expected X [n, p], Y [K, n] and strengths [A]");
  call.expect(w.shape == Shape{y.dim(0), strengths.dim(0), x.dim(1)} &&
                  gaps.shape == Shape{y.dim(0), strengths.dim(0)} && sweeps.shape == gaps.shape,
              "expected weights [K, A, p], gaps and sweeps [K, A]");
  const Settings settings{call.attribute(0), call.attribute(1), call.integer(2, 1, 1 << 30),
                          call.integer(3, 0, 1) == 1};
  call.expect(settings.ratio >= 0 && settings.ratio <= 1 && settings.tolerance >= 0,
              "a setting is out of range");
  const double *in = x.as<double>(), *targets = y.as<double>(), *strength = strengths.as<double>();
  double *weights = w.as<double>(), *gap = gaps.as<double>();
  auto* taken = sweeps.as<std::int32_t>();
  if (gaps.size == 0) return;
  const auto n = static_cast<std::size_t>(x.dim(0)), p = static_cast<std::size_t>(x.dim(1));
  const auto count = static_cast<std::size_t>(strengths.dim(0));
  call.expect(n > 0, "expected at least one observation");
  for (const View* view : {&x, &y, &strengths}) {
    const double* data = view->as<double>();
    const bool is_finite =
        std::all_of(data, data + view->size, [](double value) { return std::isfinite(value); });
    if (!is_finite) throw Error("ERR_VALUE", "elasticNet: finite numbers expected, got NaN or an infinity");
  }
  const bool is_strength = std::all_of(strength, strength + count, [](double value) { return value > 0; });
  if (!is_strength) throw Error("ERR_VALUE", "elasticNet: a strength is more than 0");
  const StoragePtr scratch = call.scratch(n * p * sizeof(double));
  auto* columns = reinterpret_cast<double*>(scratch->data());
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < p; ++j) columns[j * n + i] = in[i * p + j];
  }
  call.workers.parallel_for(static_cast<std::size_t>(y.dim(0)), [&](std::size_t k) {
    Descent descent(columns, targets + k * n, n, p, settings);
    for (std::size_t a = 0; a < count; ++a) {
      taken[k * count + a] = descent.run(strength[a], call.workers, gap + k * count + a);
      std::copy(descent.weights().begin(), descent.weights().end(), weights + (k * count + a) * p);
    }
  });
}

PALIMPSEST_KERNEL("elasticNet", elastic_net);

}  // namespace
}  // namespace palimpsest
