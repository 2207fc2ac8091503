// dampen and the optimisers against the published golden values and float64 loops.
#include <limits>

#include "support/check.h"
#include "support/tensors.h"

namespace palimpsest::test {
namespace {

template <typename T>
std::vector<T> waves(std::int64_t n, double frequency, double offset = 0) {
  std::vector<T> values;
  for (std::int64_t i = 0; i < n; ++i)
    values.push_back(static_cast<T>(std::sin(frequency * double(i + 1)) + offset));
  return values;
}

template <typename T>
void check_golden(double lambda, const std::vector<double>& expected, double selected, double factors) {
  Tensor theta({5}, std::vector<T>{1, -2, T(.5), 3, -1}), full({5}, std::vector<T>{1, 1, 1, 0, 2});
  Tensor forget({5}, std::vector<T>{20, 10, 15, 0, 100}), hyper({2}, std::vector<double>{10, lambda});
  Tensor out(theta.dtype, {5}), counts(DType::float64, {2});
  run("dampen", {&theta, &forget, &full, &hyper}, {&out, &counts});
  for (std::int64_t i = 0; i < 5; ++i) {
    check_near(out.at<T>(i), expected[static_cast<std::size_t>(i)], sizeof(T) == 4 ? 1e-7 : 1e-15,
               "dampened");
  }
  check_equal(counts.at<double>(0), selected, "selected");
  check_near(counts.at<double>(1), factors, 1e-14, "sum of factors");
}

TEST("dampen gives the golden values: 10 is not above 10 * 1, and 0/0 is left alone") {
  check_golden<float>(1, {0.05, -2, 0.5 / 15, 3, -0.02}, 3, 0.05 + 1.0 / 15 + 0.02);
  check_golden<double>(1, {0.05, -2, 0.5 / 15, 3, -0.02}, 3, 0.05 + 1.0 / 15 + 0.02);
  check_golden<float>(30, {1, -2, 0.5, 3, -0.6}, 3, 2.6);
  check_golden<double>(30, {1, -2, 0.5, 3, -0.6}, 3, 2.6);
}

TEST("dampen makes no NaN of extreme importances") {
  const double inf = std::numeric_limits<double>::infinity(), big = std::numeric_limits<double>::max();
  const std::vector<double> values = {0, -0.0, 5e-324, 1, big, inf, std::nan("")};
  std::vector<double> forget, full;
  for (const double f : values) {
    for (const double d : values) forget.push_back(f), full.push_back(d);
  }
  const std::int64_t n = static_cast<std::int64_t>(forget.size());
  for (const double alpha : {0.0, 1.0, 1e300, inf}) {
    for (const double lambda : {0.0, 1.0, 1e300, inf}) {
      Tensor theta({n}, std::vector<double>(forget.size(), 2.0)), f({n}, forget), d({n}, full);
      Tensor hyper({2}, std::vector<double>{alpha, lambda}), out(DType::float64, {n}),
          counts(DType::float64, {2});
      run("dampen", {&theta, &f, &d, &hyper}, {&out, &counts});
      for (std::int64_t i = 0; i < n; ++i)
        check(out.at<double>(i) >= 0 && out.at<double>(i) <= 2, "between 0 and theta");
      check(counts.at<double>(1) <= counts.at<double>(0), "factors are at most 1");
    }
  }
}

template <typename T>
void check_dampen(std::int64_t n) {
  Tensor theta({n}, waves<T>(n, 0.7)), forget({n}, waves<T>(n, 1.3, 1)), full({n}, waves<T>(n, 0.37, 1));
  Tensor hyper({2}, std::vector<double>{1.1, 0.9}), out(theta.dtype, {n}), counts(DType::float64, {2});
  run("dampen", {&theta, &forget, &full, &hyper}, {&out, &counts});
  double selected = 0, factors = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const double f = forget.at<T>(i), d = full.at<T>(i);
    double factor = 1;
    if (f > 1.1 * d) {
      factor = std::min(0.9 * d / f, 1.0);
      selected += 1;
      factors += factor;
    }
    check_equal(out.at<T>(i), static_cast<T>(theta.at<T>(i) * factor), "dampened");
  }
  check_equal(counts.at<double>(0), selected, "selected");
  check_near(counts.at<double>(1), factors, 1e-12, "sum of factors");
  Tensor again(theta.dtype, {n}), counts_again(DType::float64, {2});
  run("dampen", {&theta, &forget, &full, &hyper}, {&again, &counts_again}, {}, 1);
  check(again.bytes == out.bytes && counts_again.bytes == counts.bytes, "same bits for one thread");
}

TEST("dampen equals its rule for any length, with the same bits for any number of threads") {
  for (const std::int64_t n : {0, 1, 7, 8, 31, 1000, 32768, 100003}) {
    check_dampen<float>(n);
    check_dampen<double>(n);
  }
}

template <typename T>
constexpr double kTolerance = sizeof(T) == 4 ? 1e-6 : 1e-14;

template <typename T>
void check_sgd(std::int64_t n, bool nesterov) {
  const double lr = 0.1, momentum = 0.9, decay = 0.01;
  Tensor p({n}, waves<T>(n, 0.7)), grad({n}, waves<T>(n, 1.3)), velocity({n}, waves<T>(n, 0.2));
  Tensor hyper({4}, std::vector<double>{lr, momentum, decay, nesterov ? 1.0 : 0.0});
  Tensor new_p(p.dtype, {n}), new_velocity(p.dtype, {n});
  run("sgdStep", {&p, &grad, &velocity, &hyper}, {&new_p, &new_velocity});
  for (std::int64_t i = 0; i < n; ++i) {
    const double d = grad.at<T>(i) + decay * p.at<T>(i), v = momentum * velocity.at<T>(i) + d;
    check_near(new_velocity.at<T>(i), v, kTolerance<T>, "velocity");
    check_near(new_p.at<T>(i), p.at<T>(i) - lr * (nesterov ? d + momentum * v : v), kTolerance<T>,
               "parameter");
  }
}

TEST("sgdStep equals its formula") {
  for (const std::int64_t n : {0, 1, 9, 64, 40001}) {
    for (const bool nesterov : {false, true}) {
      check_sgd<float>(n, nesterov);
      check_sgd<double>(n, nesterov);
    }
  }
}

template <typename T>
void check_adam(std::int64_t n, bool decoupled) {
  const double lr = 0.01, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, decay = 0.1;
  const double correction1 = 1 - std::pow(beta1, 3), correction2 = 1 - std::pow(beta2, 3);
  Tensor p({n}, waves<T>(n, 0.7)), grad({n}, waves<T>(n, 1.3)), m({n}, waves<T>(n, 0.2)),
      v({n}, waves<T>(n, 0.4, 1.5));
  Tensor hyper({8}, std::vector<double>{lr, beta1, beta2, eps, decay, decoupled ? 1.0 : 0.0, correction1,
                                        correction2});
  Tensor new_p(p.dtype, {n}), new_m(p.dtype, {n}), new_v(p.dtype, {n});
  run("adamStep", {&p, &grad, &m, &v, &hyper}, {&new_p, &new_m, &new_v});
  for (std::int64_t i = 0; i < n; ++i) {
    const double g = grad.at<T>(i) + (decoupled ? 0 : decay * p.at<T>(i));
    const double first = beta1 * m.at<T>(i) + (1 - beta1) * g,
                 second = beta2 * v.at<T>(i) + (1 - beta2) * g * g;
    const double start = p.at<T>(i) * (decoupled ? 1 - lr * decay : 1);
    check_near(new_m.at<T>(i), first, kTolerance<T>, "first moment");
    check_near(new_v.at<T>(i), second, kTolerance<T>, "second moment");
    check_near(new_p.at<T>(i), start - lr * (first / correction1) / (std::sqrt(second / correction2) + eps),
               kTolerance<T>, "parameter");
  }
}

TEST("adamStep equals its formula, coupled and decoupled") {
  for (const std::int64_t n : {0, 1, 9, 64, 40001}) {
    for (const bool decoupled : {false, true}) {
      check_adam<float>(n, decoupled);
      check_adam<double>(n, decoupled);
    }
  }
}

TEST("optimisers take their settings in either float dtype and refuse wrong shapes") {
  Tensor p({2}, std::vector<double>{1, 2}), out(DType::float64, {2}), velocity(DType::float64, {2});
  Tensor zero({2}, std::vector<double>{0, 0}), hyper({4}, std::vector<float>{0.5f, 0, 0, 0});
  run("sgdStep", {&p, &p, &zero, &hyper}, {&out, &velocity});
  check_equal(out.at<double>(1), 1.0, "2 - 0.5 * 2");
  Tensor short_hyper({3}, std::vector<float>{1, 0, 0}), other({3}, std::vector<double>{1, 2, 3});
  check_throws("ERR_SHAPE", "hyper",
               [&] { run("sgdStep", {&p, &p, &zero, &short_hyper}, {&out, &velocity}); });
  check_throws("ERR_SHAPE", "differ",
               [&] { run("sgdStep", {&p, &other, &zero, &hyper}, {&out, &velocity}); });
  Tensor single({2}, std::vector<float>{1, 2});
  check_throws("ERR_DTYPE", "float64",
               [&] { run("sgdStep", {&p, &single, &zero, &hyper}, {&out, &velocity}); });
}

}  // namespace
}  // namespace palimpsest::test
