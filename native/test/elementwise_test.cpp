// Every elementwise operation against the standard library in double precision.
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "support/check.h"
#include "support/fused_chain.h"

namespace palimpsest::test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool same_value(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

template <typename T>
double number_of(T value) {
  if constexpr (is_half<T>) {
    return static_cast<double>(to_float(value));
  } else {
    return static_cast<double>(value);
  }
}

// One operation on one dtype, operands of one shape.
template <typename T>
std::vector<double> apply(const std::string& name, DType result,
                          const std::vector<std::vector<T>>& operands) {
  std::vector<Tensor> inputs;
  std::vector<Tensor*> pointers;
  for (const auto& values : operands)
    inputs.emplace_back(Shape{static_cast<std::int64_t>(values.size())}, values);
  for (Tensor& input : inputs) pointers.push_back(&input);
  Tensor y(result, inputs[0].shape);
  const int n = static_cast<int>(operands.size());
  const Chain chain = Chain().step(name, result, 0, n > 1 ? 1 : -1, n > 2 ? 2 : -1).out(n);
  run("fused", pointers, {&y}, chain.attributes());
  std::vector<double> values;
  dispatch_any(result, [&]<typename R>() {
    for (std::int64_t i = 0; i < y.size(); ++i) values.push_back(number_of(y.at<R>(i)));
  });
  return values;
}

double sign_of(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }
double round_half_even(double x) { return std::nearbyint(x); }
double sigmoid(double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }

using Unary = double (*)(double);
const std::map<std::string, Unary> kUnary = {
    {"neg", [](double x) { return -x; }},
    {"abs", [](double x) { return std::abs(x); }},
    {"sign", sign_of},
    {"square", [](double x) { return x * x; }},
    {"sqrt", [](double x) { return std::sqrt(x); }},
    {"cbrt", [](double x) { return std::cbrt(x); }},
    {"rsqrt", [](double x) { return 1 / std::sqrt(x); }},
    {"reciprocal", [](double x) { return 1 / x; }},
    {"exp", [](double x) { return std::exp(x); }},
    {"expm1", [](double x) { return std::expm1(x); }},
    {"log", [](double x) { return std::log(x); }},
    {"log1p", [](double x) { return std::log1p(x); }},
    {"tanh", [](double x) { return std::tanh(x); }},
    {"sigmoid", sigmoid},
    {"erf", [](double x) { return std::erf(x); }},
    {"sin", [](double x) { return std::sin(x); }},
    {"cos", [](double x) { return std::cos(x); }},
    {"tan", [](double x) { return std::tan(x); }},
    {"asin", [](double x) { return std::asin(x); }},
    {"acos", [](double x) { return std::acos(x); }},
    {"atan", [](double x) { return std::atan(x); }},
    {"sinh", [](double x) { return std::sinh(x); }},
    {"cosh", [](double x) { return std::cosh(x); }},
    {"exp2", [](double x) { return std::exp2(x); }},
    {"log2", [](double x) { return std::log2(x); }},
    {"erfc", [](double x) { return std::erfc(x); }},
    {"trunc", [](double x) { return std::trunc(x); }},
    {"floor", [](double x) { return std::floor(x); }},
    {"ceil", [](double x) { return std::ceil(x); }},
    {"round", round_half_even},
    {"relu", [](double x) { return x < 0 ? 0 : x; }},
};

using Binary = double (*)(double, double);
const std::map<std::string, Binary> kArithmetic = {
    {"add", [](double a, double b) { return a + b; }},
    {"sub", [](double a, double b) { return a - b; }},
    {"mul", [](double a, double b) { return a * b; }},
    {"div", [](double a, double b) { return a / b; }},
    {"pow", [](double a, double b) { return std::pow(a, b); }},
    {"atan2", [](double a, double b) { return std::atan2(a, b); }},
    {"fmod", [](double a, double b) { return std::fmod(a, b); }},
    {"maximum", [](double a, double b) { return std::isnan(a) || std::isnan(b) ? kNaN : std::max(a, b); }},
    {"minimum", [](double a, double b) { return std::isnan(a) || std::isnan(b) ? kNaN : std::min(a, b); }},
};
const std::map<std::string, Binary> kComparisons = {
    {"greater", [](double a, double b) { return double(a > b); }},
    {"greaterEqual", [](double a, double b) { return double(a >= b); }},
    {"less", [](double a, double b) { return double(a < b); }},
    {"lessEqual", [](double a, double b) { return double(a <= b); }},
    {"equal", [](double a, double b) { return double(a == b); }},
    {"notEqual", [](double a, double b) { return double(a != b); }},
};

// Every special value and enough ordinary ones to fill vectors and leave a rest.
template <typename T>
std::vector<T> samples() {
  std::vector<T> values = {T(0.0),
                           T(-0.0),
                           T(1),
                           T(-1),
                           T(0.5),
                           T(1.5),
                           T(2.5),
                           T(-2.5),
                           T(kInfinity),
                           T(-kInfinity),
                           T(kNaN),
                           std::numeric_limits<T>::max(),
                           std::numeric_limits<T>::lowest(),
                           std::numeric_limits<T>::min(),
                           std::numeric_limits<T>::denorm_min(),
                           T(1e-5),
                           T(-1e-5)};
  for (int i = 0; i < 60; ++i) values.push_back(T(-9.7 + 0.337 * i));
  return values;
}

// The distance in units of the last place of a float near the expected value.
double ulps(double actual, double expected) {
  if (same_value(actual, expected)) return 0;
  const auto nearest = static_cast<float>(expected);
  if (!std::isfinite(nearest) || std::isnan(actual)) return same_value(actual, nearest) ? 0 : kInfinity;
  if (std::isinf(actual)) return std::abs(expected) > 0x1.fffffep127 ? 1 : kInfinity;
  const double unit = std::abs(expected) < 0x1p-126 ? 0x1p-149 : std::ldexp(1.0, std::ilogb(expected) - 23);
  return std::abs(actual - expected) / unit;
}

// The largest errors found over all floats; what is not named here is within 1.
const std::map<std::string, double> kWorstUlps = {{"exp", 1.0},     {"expm1", 1.5}, {"log", 0.9},
                                                  {"log1p", 1.4},   {"tanh", 2.5},  {"erf", 1.4},
                                                  {"sigmoid", 2.5}, {"rsqrt", 1.5}, {"sin", 1.5},
                                                  {"cos", 1.5}};

TEST("fused: unary operations agree with the standard library in double precision") {
  const auto x = samples<double>();
  for (const auto& [name, reference] : kUnary) {
    const auto y = apply<double>(name, DType::float64, {x});
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double expected = reference(x[i]);
      check(same_value(y[i], expected) || std::abs(y[i] - expected) <= 1e-14 * std::abs(expected),
            name + "(" + std::to_string(x[i]) + ") = " + std::to_string(y[i]));
    }
  }
}

TEST("fused: unary operations in single precision are within their error bounds over the whole range") {
  // A stride that is no power of two meets every exponent with many mantissas.
  std::vector<float> x = samples<float>();
  for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32); bits += 40961) {
    x.push_back(__builtin_bit_cast(float, static_cast<std::uint32_t>(bits)));
  }
  for (float v = -18; v < 18; v += 0.0007f) x.push_back(v);
  for (const auto& [name, reference] : kUnary) {
    const auto y = apply<float>(name, DType::float32, {x});
    const auto bound = kWorstUlps.find(name);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double error = ulps(y[i], reference(x[i]));
      check(error <= (bound == kWorstUlps.end() ? 1.0 : bound->second),
            name + "(" + std::to_string(x[i]) + ") is off by " + std::to_string(error) + " ulp");
    }
  }
}

template <typename T>
void check_binary(double tolerance) {
  const auto some = samples<T>();
  std::vector<T> a, b;
  for (const T p : some) {
    for (const T q : some) {
      a.push_back(p);
      b.push_back(q);
    }
  }
  for (const auto& [name, reference] : kArithmetic) {
    const auto y = apply<T>(name, DTypeOf<T>::value, {a, b});
    for (std::size_t i = 0; i < a.size(); ++i) {
      const double expected = static_cast<double>(static_cast<T>(reference(a[i], b[i])));
      check(same_value(y[i], expected) || std::abs(y[i] - expected) <= tolerance * std::abs(expected) + 1e-44,
            name + "(" + std::to_string(a[i]) + ", " + std::to_string(b[i]) + ") = " + std::to_string(y[i]));
    }
  }
  for (const auto& [name, reference] : kComparisons) {
    const auto y = apply<T>(name, DType::boolean, {a, b});
    for (std::size_t i = 0; i < a.size(); ++i) check_equal(y[i], reference(a[i], b[i]), name);
  }
}

TEST("fused: binary operations agree with the standard library") {
  check_binary<double>(1e-14);
  check_binary<float>(2e-7);
}

TEST("fused: int32 arithmetic wraps around") {
  const std::int32_t low = std::numeric_limits<std::int32_t>::min(),
                     high = std::numeric_limits<std::int32_t>::max();
  const std::vector<std::int32_t> a = {1, -7, high, low, high, 0}, b = {2, 3, 1, -1, high, low};
  const auto check_all = [&](const char* name, std::vector<std::int64_t> expected, bool is_unary) {
    const auto y = is_unary ? apply<std::int32_t>(name, DType::int32, {a})
                            : apply<std::int32_t>(name, DType::int32, {a, b});
    for (std::size_t i = 0; i < a.size(); ++i) {
      check_equal(y[i], static_cast<double>(static_cast<std::int32_t>(expected[i])), name);
    }
  };
  const std::int64_t h = high, l = low;
  check_all("add", {3, -4, h + 1, l - 1, 2 * h, l}, false);
  check_all("sub", {-1, -10, h - 1, l + 1, 0, -l}, false);
  check_all("mul", {2, -21, h, -l, h * h, 0}, false);
  check_all("neg", {-1, 7, -h, -l, -h, 0}, true);
  check_all("abs", {1, 7, h, -l, h, 0}, true);
  check_all("square", {1, 49, h * h, l * l, h * h, 0}, true);
  check_all("maximum", {2, 3, h, -1, h, 0}, false);
  check_all("minimum", {1, -7, 1, l, h, l}, false);
  check_all("sign", {1, -1, 1, -1, 1, 0}, true);
  check_all("relu", {1, 0, h, 0, h, 0}, true);
}

TEST("fused: logic, where and isFinite") {
  Tensor a(DType::boolean, {4}), b(DType::boolean, {4});
  for (int i = 0; i < 4; ++i) {
    a.bytes[static_cast<std::size_t>(i)] = std::byte(i / 2);
    b.bytes[static_cast<std::size_t>(i)] = std::byte(i % 2);
  }
  Tensor x({4}, std::vector<float>{1, 2, 3, 4}),
      z({4}, std::vector<float>{-1, float(kNaN), -3, float(kInfinity)});
  Tensor both(DType::boolean, {4}), either(DType::boolean, {4}), neither(DType::boolean, {4}),
      finite(DType::boolean, {4});
  Tensor chosen(DType::float32, {4});
  const Chain chain = Chain()
                          .step("logicalAnd", DType::boolean, 0, 1)
                          .step("logicalOr", DType::boolean, 0, 1)
                          .step("logicalNot", DType::boolean, 0)
                          .step("where", DType::float32, 0, 2, 3)
                          .step("isFinite", DType::boolean, 3)
                          .out(4)
                          .out(5)
                          .out(6)
                          .out(7)
                          .out(8);
  run("fused", {&a, &b, &x, &z}, {&both, &either, &neither, &chosen, &finite}, chain.attributes());
  for (std::size_t i = 0; i < 4; ++i) {
    const bool p = i / 2, q = i % 2;
    check_equal(int(both.bytes[i]), int(p && q), "and");
    check_equal(int(either.bytes[i]), int(p || q), "or");
    check_equal(int(neither.bytes[i]), int(!p), "not");
    check_equal(int(finite.bytes[i]), int(i == 0 || i == 2), "isFinite");
  }
  check(values_of<float>(chosen)[0] == -1 && std::isnan(values_of<float>(chosen)[1]),
        "where picks the last operand");
  check(values_of<float>(chosen)[2] == 3 && values_of<float>(chosen)[3] == 4,
        "where picks the second operand");
}

// To so many bits after the leading one, halves to even; below the least exponent the steps grow no finer.
double rounded(double v, int bits, int least_exponent, double largest) {
  if (!std::isfinite(v) || v == 0) return v;
  const double step = std::ldexp(1.0, std::max(std::ilogb(v), least_exponent) - bits);
  const double nearest = std::nearbyint(v / step) * step;
  return std::abs(nearest) > largest ? std::copysign(kInfinity, v) : nearest;
}

template <typename From>
void check_casts(const std::vector<From>& x) {
  const auto in_range = [](double v, double low, double high) {
    return std::isnan(v) ? 0 : std::trunc(std::clamp(v, low, high));
  };
  for (std::size_t code = 0; code < kDTypeCount; ++code) {
    const auto to = static_cast<DType>(code);
    const auto y = apply<From>("cast", to, {x});
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double v = number_of(x[i]);
      const double expected = to == DType::float32    ? static_cast<double>(static_cast<float>(v))
                              : to == DType::float64  ? v
                              : to == DType::int32    ? in_range(v, -2147483648.0, 2147483647.0)
                              : to == DType::int64    ? in_range(v, -0x1p63, 0x1p63)
                              : to == DType::uint8    ? in_range(v, 0, 255)
                              : to == DType::bfloat16 ? rounded(v, 7, -126, 0x1.fep127)
                              : to == DType::float16  ? rounded(v, 10, -14, 65504)
                                                      : double(v != 0);
      check(same_value(y[i], expected), std::string("cast to ") + name_of(to) + " of " + std::to_string(v) +
                                            " gave " + std::to_string(y[i]));
    }
  }
}

TEST("fused: casts cut toward zero and saturate") {
  std::vector<float> floats = samples<float>();
  std::vector<double> doubles = samples<double>();
  for (const double v : {2147483647.0, 2147483648.0, 2147483520.0, -2147483648.0, -2147483904.0, 254.9, 255.0,
                         256.0, -0.9, 3e9}) {
    floats.push_back(static_cast<float>(v));
    doubles.push_back(v);
    doubles.push_back(v + 0.5);
  }
  check_casts(floats);
  check_casts(doubles);
  check_casts(
      std::vector<std::int32_t>{0, 1, -1, 255, 256, 300, -300, 2147483647, -2147483647 - 1, 16777217, 7});
  check_casts(std::vector<std::uint8_t>{0, 1, 2, 128, 255});
  check_casts(std::vector<std::int64_t>{0, 1, -1, 257, -300, 2147483648, -2147483649, std::int64_t{1} << 62});
}

template <typename Half>
std::vector<Half> all_halves() {
  std::vector<Half> all;
  for (std::uint32_t bits = 0; bits < 65536; ++bits) all.push_back({static_cast<std::uint16_t>(bits)});
  return all;
}

TEST("fused: every 16-bit float becomes the number that it is") {
  check_casts(all_halves<BFloat16>());
  check_casts(all_halves<Float16>());
}

// Between two neighbours a and b: the middle and what lies next to it on either side, as double precision sees it.
TEST("fused: 16-bit floats are rounded once, halves to even") {
  std::vector<double> doubles;
  std::vector<float> floats;
  for (std::uint32_t bits = 0; bits < 65536; bits += 7) {
    const double pairs[][2] = {{bfloat16_to_float(static_cast<std::uint16_t>(bits)),
                                bfloat16_to_float(static_cast<std::uint16_t>(bits + 1))},
                               {float16_to_float(static_cast<std::uint16_t>(bits)),
                                float16_to_float(static_cast<std::uint16_t>(bits + 1))}};
    for (const auto& [a, b] : pairs) {
      const double middle = (a + b) / 2;
      for (const double v : {middle, std::nextafter(middle, a), std::nextafter(middle, b)}) {
        doubles.push_back(v);
        floats.push_back(static_cast<float>(v));
      }
    }
  }
  check_casts(doubles);
  check_casts(floats);
  // 2^62 + 2^54 is the middle of two bfloat16 numbers; one more is above it, though double precision cannot tell.
  const std::int64_t middle = (std::int64_t{1} << 62) + (std::int64_t{1} << 54);
  const auto y = apply<std::int64_t>("cast", DType::bfloat16, {{middle, middle + 1, -middle - 1, middle - 1}});
  check_equal(y[0], 0x1p62, "the middle goes to the even one");
  check_equal(y[1], 0x1p62 + 0x1p55, "above the middle");
  check_equal(y[2], -0x1p62 - 0x1p55, "below the negative middle");
  check_equal(y[3], 0x1p62, "below the middle");
}

TEST("fused: int64 keeps all of its bits and wraps around") {
  const std::int64_t large = std::int64_t{1} << 62, most = 9223372036854775807;
  Tensor a({3}, std::vector<std::int64_t>{large + 1, most, -most - 1}), b({3}, std::vector<std::int64_t>{1, 1, -1});
  const auto of = [&](const char* name) {
    Tensor y(DType::int64, {3});
    run("fused", {&a, &b}, {&y}, Chain().step(name, DType::int64, 0, 1).out(2).attributes());
    return values_of<std::int64_t>(y);
  };
  check(of("add") == std::vector<std::int64_t>{large + 2, -most - 1, most}, "add");
  check(of("sub") == std::vector<std::int64_t>{large, most - 1, -most}, "sub");
  check(of("mul") == std::vector<std::int64_t>{large + 1, most, -most - 1}, "mul");
  check(of("maximum") == std::vector<std::int64_t>{large + 1, most, -1}, "maximum");
}

}  // namespace
}  // namespace palimpsest::test
