// The kernels of neural networks against short float64 loops.
#include <limits>

#include "support/check.h"
#include "support/tensors.h"

namespace palimpsest::test {
namespace {

// Numbers in [-2, 2] that differ from one another and do not depend on the C library.
template <typename T>
Tensor numbers(Shape shape, std::uint64_t seed = 1) {
  Tensor t(DTypeOf<T>::value, std::move(shape));
  for (std::int64_t i = 0; i < t.size(); ++i) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    t.data<T>()[i] = static_cast<T>(static_cast<double>(seed >> 40) / (1 << 22) - 2);
  }
  return t;
}

template <typename T>
constexpr double kTolerance = sizeof(T) == 4 ? 2e-6 : 1e-14;

template <typename T>
void check_values(const Tensor& actual, const std::vector<double>& expected, const std::string& what) {
  check_equal(actual.size(), static_cast<std::int64_t>(expected.size()), what + ": size");
  for (std::size_t i = 0; i < expected.size(); ++i) {
    check_near(actual.at<T>(static_cast<std::int64_t>(i)), expected[i], kTolerance<T>,
               what + " at " + std::to_string(i));
  }
}

template <typename T>
double at(const Tensor& t, std::int64_t i) {
  return static_cast<double>(t.at<T>(i));
}

template <typename F>
void for_both_floats(F&& f) {
  f.template operator()<float>();
  f.template operator()<double>();
}

const std::vector<Shape> kRowShapes = {{1, 1},    {3, 7},    {5, 16},   {4, 33},
                                       {2, 1000}, {700, 65}, {3, 5000}, {0, 4}};

TEST("softmax and logSoftmax equal their definition") {
  for_both_floats([]<typename T>() {
    for (const Shape& shape : kRowShapes) {
      Tensor x = numbers<T>(shape), y(x.dtype, shape), log_y(x.dtype, shape);
      run("softmax", {&x}, {&y});
      run("logSoftmax", {&x}, {&log_y});
      std::vector<double> expected, log_expected;
      for (std::int64_t r = 0; r < shape[0]; ++r) {
        double sum = 0;
        for (std::int64_t c = 0; c < shape[1]; ++c) sum += std::exp(at<T>(x, r * shape[1] + c));
        for (std::int64_t c = 0; c < shape[1]; ++c) {
          expected.push_back(std::exp(at<T>(x, r * shape[1] + c)) / sum);
          log_expected.push_back(at<T>(x, r * shape[1] + c) - std::log(sum));
        }
      }
      check_values<T>(y, expected, "softmax " + to_string(shape));
      check_values<T>(log_y, log_expected, "logSoftmax " + to_string(shape));
    }
  });
}

TEST("softmax is stable for large values, keeps -inf at 0 and passes NaN on") {
  const float inf = std::numeric_limits<float>::infinity();
  Tensor x({3, 4}, std::vector<float>{1000, 1001, -1e30f, -inf, -1000, -1000, -inf, -inf, NAN, 0, 1, 2});
  Tensor y(DType::float32, {3, 4}), log_y(DType::float32, {3, 4});
  run("softmax", {&x}, {&y});
  run("logSoftmax", {&x}, {&log_y});
  check_near(y.at<float>(1), 1 / (1 + std::exp(-1.0)), 1e-6, "larger");
  check_equal(y.at<float>(2), 0.0f, "far below");
  check_equal(y.at<float>(3), 0.0f, "-inf");
  check_near(y.at<float>(4), 0.5, 1e-6, "half");
  check_equal(log_y.at<float>(3), -inf, "log of 0");
  for (int i = 8; i < 12; ++i)
    check(std::isnan(y.at<float>(i)) && std::isnan(log_y.at<float>(i)), "NaN spreads");
}

TEST("softmaxCrossEntropy and its gradient equal their definition") {
  for_both_floats([]<typename T>() {
    for (const Shape& shape : kRowShapes) {
      const std::int64_t rows = shape[0], classes = shape[1];
      Tensor x = numbers<T>(shape), g = numbers<T>({rows}, 9), labels(DType::int32, {rows});
      Tensor loss(x.dtype, {rows}), dx(x.dtype, shape);
      for (std::int64_t r = 0; r < rows; ++r)
        labels.data<std::int32_t>()[r] = static_cast<std::int32_t>(r * 7 % classes);
      run("softmaxCrossEntropy", {&x, &labels}, {&loss}, {-100, 0});
      run("softmaxCrossEntropyGrad", {&x, &labels, &g}, {&dx}, {-100, 0});
      std::vector<double> expected, expected_grad;
      for (std::int64_t r = 0; r < rows; ++r) {
        double sum = 0;
        const std::int32_t label = labels.at<std::int32_t>(r);
        for (std::int64_t c = 0; c < classes; ++c) sum += std::exp(at<T>(x, r * classes + c));
        expected.push_back(std::log(sum) - at<T>(x, r * classes + label));
        for (std::int64_t c = 0; c < classes; ++c) {
          expected_grad.push_back((std::exp(at<T>(x, r * classes + c)) / sum - (c == label)) * at<T>(g, r));
        }
      }
      check_values<T>(loss, expected, "loss " + to_string(shape));
      check_values<T>(dx, expected_grad, "gradient " + to_string(shape));
    }
  });
}

TEST("softmaxCrossEntropy names the label that is out of range") {
  Tensor x = numbers<float>({2, 3}), loss(DType::float32, {2});
  Tensor labels({2}, std::vector<std::int32_t>{2, 3}), negative({2}, std::vector<std::int32_t>{-1, 0});
  check_throws("ERR_INDEX", "softmaxCrossEntropy: label 3 at position 1 is outside [0, 3)",
               [&] { run("softmaxCrossEntropy", {&x, &labels}, {&loss}, {-100, 0}); });
  Tensor g = numbers<float>({2}), dx(DType::float32, {2, 3});
  check_throws("ERR_INDEX", "label -1 at position 0",
               [&] { run("softmaxCrossEntropyGrad", {&x, &negative, &g}, {&dx}, {-100, 0}); });
}

// Normalises `count` groups of n values; value i of a group uses gain[channel(group, i)].
template <typename T, typename Channel>
void check_norm(Tensor& x, Tensor& gain, Tensor& bias, Tensor& g, const Tensor& y, const Tensor& dx,
                std::int64_t n, double eps, Channel&& channel) {
  std::vector<double> expected, expected_grad;
  for (std::int64_t k = 0; k < x.size(); k += n) {
    double mean = 0, variance = 0, h_mean = 0, h_dot = 0;
    for (std::int64_t i = 0; i < n; ++i) mean += at<T>(x, k + i) / n;
    for (std::int64_t i = 0; i < n; ++i) variance += (at<T>(x, k + i) - mean) * (at<T>(x, k + i) - mean) / n;
    const double rstd = 1 / std::sqrt(variance + eps);
    const auto normal = [&](std::int64_t i) { return (at<T>(x, k + i) - mean) * rstd; };
    const auto h = [&](std::int64_t i) { return at<T>(g, k + i) * at<T>(gain, channel(k / n, i)); };
    for (std::int64_t i = 0; i < n; ++i) {
      h_mean += h(i) / n;
      h_dot += h(i) * normal(i) / n;
    }
    for (std::int64_t i = 0; i < n; ++i) {
      expected.push_back(normal(i) * at<T>(gain, channel(k / n, i)) + at<T>(bias, channel(k / n, i)));
      expected_grad.push_back(rstd * (h(i) - h_mean - normal(i) * h_dot));
    }
  }
  check_values<T>(y, expected, "norm " + to_string(x.shape));
  check_values<T>(dx, expected_grad, "norm gradient " + to_string(x.shape));
}

TEST("layerNorm and its gradient equal their definition") {
  for_both_floats([]<typename T>() {
    for (const Shape& shape : kRowShapes) {
      Tensor x = numbers<T>(shape), gain = numbers<T>({shape[1]}, 2), bias = numbers<T>({shape[1]}, 3);
      Tensor g = numbers<T>(shape, 4), y(x.dtype, shape), dx(x.dtype, shape);
      run("layerNorm", {&x, &gain, &bias}, {&y}, {0.1});
      run("layerNormGrad", {&x, &gain, &g}, {&dx}, {0.1});
      check_norm<T>(x, gain, bias, g, y, dx, shape[1], 0.1, [](std::int64_t, std::int64_t i) { return i; });
    }
  });
}

TEST("layerNorm keeps its precision far from zero") {
  Tensor x({1, 4}, std::vector<float>{10001, 10002, 10003, 10004}), gain({4}, std::vector<float>{1, 1, 1, 1});
  Tensor bias({4}, std::vector<float>{0, 0, 0, 0}), y(DType::float32, {1, 4});
  run("layerNorm", {&x, &gain, &bias}, {&y}, {0});
  for (int i = 0; i < 4; ++i) check_near(y.at<float>(i), (i - 1.5) / std::sqrt(1.25), 1e-6, "shifted row");
}

TEST("groupNorm and its gradient equal their definition") {
  for_both_floats([]<typename T>() {
    struct Setting {
      Shape shape;
      std::int64_t groups;
    };
    for (const auto& [shape, groups] : std::vector<Setting>{{{2, 6, 5}, 3},
                                                            {{1, 4, 1}, 1},
                                                            {{3, 8, 49}, 8},
                                                            {{2, 32, 300}, 4},
                                                            {{0, 4, 3}, 2},
                                                            {{2, 4, 0}, 2}}) {
      const std::int64_t channels = shape[1], per_group = channels / groups, cells = shape[2];
      Tensor x = numbers<T>(shape), gain = numbers<T>({channels}, 2), bias = numbers<T>({channels}, 3);
      Tensor g = numbers<T>(shape, 4), y(x.dtype, shape), dx(x.dtype, shape);
      const std::vector<double> attributes = {static_cast<double>(groups), 1e-2};
      run("groupNorm", {&x, &gain, &bias}, {&y}, attributes);
      run("groupNormGrad", {&x, &gain, &g}, {&dx}, attributes);
      const auto channel = [&, groups = groups](std::int64_t group, std::int64_t i) {
        return group % groups * per_group + i / cells;
      };
      check_norm<T>(x, gain, bias, g, y, dx, std::max<std::int64_t>(1, per_group * cells), 1e-2, channel);
    }
  });
}

TEST("norms refuse an eps that is negative, infinite or missing, and groups that do not divide") {
  Tensor x = numbers<float>({2, 3}), gain = numbers<float>({3}), y(DType::float32, {2, 3});
  for (const double eps : {-1.0, std::numeric_limits<double>::infinity(), std::nan("")}) {
    check_throws("ERR_VALUE", "eps", [&] { run("layerNorm", {&x, &gain, &gain}, {&y}, {eps}); });
  }
  check_throws("ERR_SHAPE", "attributes", [&] { run("layerNorm", {&x, &gain, &gain}, {&y}, {}); });
  Tensor image = numbers<float>({1, 3, 2}), out(DType::float32, {1, 3, 2});
  check_throws("ERR_SHAPE", "divide", [&] { run("groupNorm", {&image, &gain, &gain}, {&out}, {2, 0.1}); });
}

}  // namespace
}  // namespace palimpsest::test
