// sum, max, min and argmax over every combination of axes.
#include <cmath>
#include <limits>

#include "core/isa.h"
#include "kernels/reduce/loops.h"
#include "support/check.h"
#include "support/tensors.h"

namespace palimpsest::test {
namespace {

const float kNaN = std::numeric_limits<float>::quiet_NaN();

Shape without(const Shape& shape, const std::vector<double>& axes, bool keep) {
  Shape result;
  for (std::size_t k = 0; k < shape.size(); ++k) {
    const bool is_reduced = std::find(axes.begin(), axes.end(), static_cast<double>(k)) != axes.end();
    if (!is_reduced) result.push_back(shape[k]);
    if (is_reduced && keep) result.push_back(1);
  }
  return result;
}

// The place in the result that the input's element `index` goes to.
std::int64_t target_index(const Shape& shape, const std::vector<double>& axes, std::int64_t index) {
  std::int64_t target = 0, stride = 1;
  for (std::size_t k = shape.size(); k-- > 0; index /= shape[k]) {
    if (std::find(axes.begin(), axes.end(), static_cast<double>(k)) != axes.end()) continue;
    target += index % shape[k] * stride;
    stride *= shape[k];
  }
  return target;
}

// Pseudo-random integers small enough that every order of summation is exact.
template <typename T>
Tensor sample(const Shape& shape) {
  Tensor x(DTypeOf<T>::value, shape);
  std::uint32_t state = 1;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    state = state * 1664525u + 1013904223u;
    x.data<T>()[i] = static_cast<T>(static_cast<int>(state >> 24) - 128);
  }
  return x;
}

template <typename T>
void check_reductions(const Shape& shape, const std::vector<double>& axes) {
  Tensor x = sample<T>(shape);
  const Shape reduced = without(shape, axes, false);
  Tensor sum(x.dtype, reduced), max(x.dtype, without(shape, axes, true)), min(x.dtype, reduced);
  std::vector<double> sums(static_cast<std::size_t>(sum.size()), 0), highs(sums.size(), -1e9),
      lows(sums.size(), 1e9);
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const auto t = static_cast<std::size_t>(target_index(shape, axes, i));
    const auto value = static_cast<double>(x.at<T>(i));
    sums[t] += value;
    highs[t] = std::max(highs[t], value);
    lows[t] = std::min(lows[t], value);
  }
  run("sum", {&x}, {&sum}, axes);
  run("max", {&x}, {&max}, axes);
  run("min", {&x}, {&min}, axes);
  for (std::size_t t = 0; t < sums.size(); ++t) {
    const std::string where = to_string(shape) + " at " + std::to_string(t);
    check_equal(static_cast<double>(sum.at<T>(static_cast<std::int64_t>(t))), sums[t], "sum of " + where);
    check_equal(static_cast<double>(max.at<T>(static_cast<std::int64_t>(t))), highs[t], "max of " + where);
    check_equal(static_cast<double>(min.at<T>(static_cast<std::int64_t>(t))), lows[t], "min of " + where);
  }
}

TEST("reduce: any axes, kept or dropped") {
  const std::vector<std::pair<Shape, std::vector<double>>> cases = {{{}, {}},
                                                                    {{1}, {0}},
                                                                    {{5}, {}},
                                                                    {{5}, {0}},
                                                                    {{1000}, {0}},
                                                                    {{200000}, {0}},
                                                                    {{3, 70000}, {1}},
                                                                    {{40, 7}, {1}},
                                                                    {{40, 65}, {1}},
                                                                    {{70000, 3}, {0}},
                                                                    {{70001, 17}, {0}},
                                                                    {{33, 2000}, {0}},
                                                                    {{65, 1}, {0}},
                                                                    {{1000, 64}, {0}},
                                                                    {{70, 40}, {0}},
                                                                    {{4, 5, 6, 7}, {0, 2, 3}},
                                                                    {{4, 5, 6, 7}, {0, 2}},
                                                                    {{4, 5, 6, 7}, {1, 3}},
                                                                    {{4, 5, 6, 7}, {1}},
                                                                    {{4, 5, 6, 7}, {2}},
                                                                    {{4, 5, 6, 7}, {0, 1, 2, 3}},
                                                                    {{2, 1, 3, 1}, {1, 3}},
                                                                    {{300, 4, 3, 100}, {0, 2, 3}},
                                                                    {{3, 40000, 4}, {1}},
                                                                    {{9, 2, 8000}, {0, 2}}};
  for (const auto& [shape, axes] : cases) {
    check_reductions<float>(shape, axes);
    check_reductions<double>(shape, axes);
    check_reductions<std::int32_t>(shape, axes);
  }
}

TEST("reduce: an int32 sum wraps around") {
  Tensor x({3}, std::vector<std::int32_t>{2147483647, 2147483647, 3}), y(DType::int32, {});
  run("sum", {&x}, {&y}, {0});
  check_equal(y.at<std::int32_t>(0), 1, "the sum modulo 2^32");
}

TEST("reduce: long single-precision sums keep their digits") {
  const std::int64_t n = 10000000;
  Tensor x(DType::float32, {n}), total(DType::float32, {}), columns(DType::float32, {2});
  for (std::int64_t i = 0; i < n; ++i) x.data<float>()[i] = 0.1f;
  const double exact = static_cast<double>(0.1f) * static_cast<double>(n);
  run("sum", {&x}, {&total}, {0});
  check_near(total.at<float>(0), exact, 1e-6, "over the last axis");
  x.shape = {n / 2, 2};
  run("sum", {&x}, {&columns}, {0});
  check_near(columns.at<float>(1), exact / 2, 1e-6, "over the first axis");
}

TEST("reduce: the same bits for any number of threads") {
  Tensor x(DType::float32, {500, 700});
  for (std::int64_t i = 0; i < x.size(); ++i)
    x.data<float>()[i] = static_cast<float>(std::sin(static_cast<double>(i)));
  for (const std::vector<double>& axes : {std::vector<double>{0}, {1}, {0, 1}}) {
    Tensor one(DType::float32, without(x.shape, axes, false)), four = one;
    run("sum", {&x}, {&one}, axes, 1);
    run("sum", {&x}, {&four}, axes, 4);
    check(one.bytes == four.bytes, "threads change bits");
  }
}

#if defined(__x86_64__)
template <typename T, std::size_t count>
void check_same_loops(const RowLoops<T> (&baseline)[count], const RowLoops<T> (&other)[count]) {
  std::vector<T> x;
  for (int i = 0; i < 1000; ++i) {
    x.push_back(sizeof(T) == 1 ? static_cast<T>(i * 7 % 256) : static_cast<T>(1000 * std::sin(i)));
  }
  for (std::size_t c = 0; c < count; ++c) {
    for (std::size_t n = 1; n < 400; ++n) {
      if (other[c].run == nullptr) continue;
      const T here = other[c].run(n, x.data()), there = baseline[c].run(n, x.data());
      check(here == there || (here != here && there != there), "a run of " + std::to_string(n));
      std::vector<T> a(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(n)), b = a;
      const T* rows[8];
      for (std::size_t r = 0; r < 8; ++r) rows[r] = x.data() + r * 71;
      baseline[c].eight(n, a.data(), rows);
      other[c].eight(n, b.data(), rows);
      check(std::equal(a.begin(), a.end(), b.begin(), [](T p, T q) { return p == q || (p != p && q != q); }),
            "eight rows of " + std::to_string(n));
    }
  }
}

TEST("reduce: the same bits for any instruction set") {
  const auto check_all = [](const ReduceLoops& other) {
    check_same_loops(kBaselineReduceLoops.f32, other.f32);
    check_same_loops(kBaselineReduceLoops.f64, other.f64);
    check_same_loops(kBaselineReduceLoops.i32, other.i32);
    check_same_loops(kBaselineReduceLoops.u8, other.u8);
  };
  if (isa() >= Isa::avx2) check_all(kAvx2ReduceLoops);
  if (isa() >= Isa::avx512) check_all(kAvx512ReduceLoops);
}
#endif

TEST("reduce: NaN passes through max and min wherever it is") {
  for (std::int64_t n : {3, 20, 100, 500}) {
    for (std::int64_t at = 0; at < n; at += 1 + n / 7) {
      Tensor x(DType::float32, {n}), y(DType::float32, {}), rows(DType::float32, {2});
      for (std::int64_t i = 0; i < n; ++i) x.data<float>()[i] = static_cast<float>(i);
      x.data<float>()[at] = kNaN;
      run("max", {&x}, {&y}, {0});
      check(std::isnan(y.at<float>(0)), "max");
      run("min", {&x}, {&y}, {0});
      check(std::isnan(y.at<float>(0)), "min");
    }
  }
}

TEST("reduce: an empty sum is zero, an empty max an error") {
  Tensor x(DType::float32, {0, 3}), y(DType::float32, {3}), none(DType::float32, {0}),
      index(DType::int32, {3});
  run("sum", {&x}, {&y}, {0});
  check(y.at<float>(0) == 0 && y.at<float>(2) == 0, "zeros");
  run("max", {&x}, {&none}, {1});
  check_throws("ERR_SHAPE", "empty axis", [&] { run("max", {&x}, {&y}, {0}); });
  check_throws("ERR_SHAPE", "empty axis", [&] { run("argmax", {&x}, {&index}, {0}); });
}

TEST("reduce: refuses wrong axes, extents and dtypes") {
  Tensor x(DType::float32, {2, 3}), y(DType::float32, {2}), i(DType::int32, {3}), b(DType::uint8, {2, 3}),
      c(DType::uint8, {3});
  check_throws("ERR_SHAPE", "remaining axes", [&] { run("sum", {&x}, {&y}, {0}); });
  check_throws("ERR_VALUE", "attribute 0", [&] { run("sum", {&x}, {&y}, {2}); });
  check_throws("ERR_VALUE", "attribute 1", [&] { run("sum", {&x}, {&y}, {1, 1}); });
  check_throws("ERR_SHAPE", "dtypes", [&] { run("sum", {&x}, {&i}, {0}); });
  check_throws("ERR_DTYPE", "uint8", [&] { run("sum", {&b}, {&c}, {0}); });
  check_throws("ERR_DTYPE", "uint8", [&] { run("argmax", {&b}, {&i}, {0}); });
  check_throws("ERR_DTYPE", "expected int32", [&] { run("argmax", {&x}, {&y}, {1}); });
  check_throws("ERR_SHAPE", "attribute", [&] { run("argmax", {&x}, {&i}); });
}

template <typename T>
void check_argmax(const Shape& shape, std::size_t axis) {
  Tensor x = sample<T>(shape);
  const std::vector<double> axes = {static_cast<double>(axis)};
  Tensor y(DType::int32, without(shape, axes, false));
  run("argmax", {&x}, {&y}, axes);
  std::vector<double> best(static_cast<std::size_t>(y.size()), -1e9);
  std::vector<std::int64_t> where(best.size(), -1);
  std::int64_t stride = 1;
  for (std::size_t k = axis + 1; k < shape.size(); ++k) stride *= shape[k];
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const auto t = static_cast<std::size_t>(target_index(shape, axes, i));
    if (static_cast<double>(x.at<T>(i)) > best[t]) {
      best[t] = static_cast<double>(x.at<T>(i));
      where[t] = i / stride % shape[axis];
    }
  }
  for (std::size_t t = 0; t < where.size(); ++t) {
    check_equal(y.at<std::int32_t>(static_cast<std::int64_t>(t)), where[t], "argmax of " + to_string(shape));
  }
}

TEST("argmax: the first of the largest, along any axis") {
  for (std::size_t axis = 0; axis < 3; ++axis) {
    check_argmax<float>({5, 40, 600}, axis);
    check_argmax<double>({40, 3, 7}, axis);
    check_argmax<std::int32_t>({1, 300, 1}, axis);
  }
  Tensor x({2, 4}, std::vector<float>{1, kNaN, 9, kNaN, 3, 4, 4, 2}), y(DType::int32, {2}),
      z(DType::int32, {4});
  run("argmax", {&x}, {&y}, {1});
  check(y.at<std::int32_t>(0) == 1 && y.at<std::int32_t>(1) == 1,
        "the first NaN wins, then the first of equals");
  run("argmax", {&x}, {&z}, {0});
  check(z.at<std::int32_t>(1) == 0 && z.at<std::int32_t>(0) == 1 && z.at<std::int32_t>(2) == 0, "columns");
}

}  // namespace
}  // namespace palimpsest::test
