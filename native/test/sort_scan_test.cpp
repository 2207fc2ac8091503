// Sorting and scans at the lengths where their work is cut differently.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "support/check.h"
#include "support/tensors.h"

namespace palimpsest::test {
namespace {

// Pseudo-random numbers, many of them equal.
template <typename T>
Tensor numbers(std::int64_t n) {
  Tensor x(DTypeOf<T>::value, {1, n});
  std::uint32_t state = 7;
  for (std::int64_t i = 0; i < n; ++i) {
    state = state * 1664525u + 1013904223u;
    x.data<T>()[i] = static_cast<T>(static_cast<int>(state >> 16) - 32768);
  }
  return x;
}

template <typename T>
void check_sort(std::int64_t n, bool descending) {
  Tensor x = numbers<T>(n), sorted(x.dtype, x.shape), places(DType::int32, x.shape);
  std::vector<std::int32_t> expected(static_cast<std::size_t>(n));
  std::iota(expected.begin(), expected.end(), 0);
  std::stable_sort(expected.begin(), expected.end(), [&](std::int32_t a, std::int32_t b) {
    return descending ? x.at<T>(a) > x.at<T>(b) : x.at<T>(a) < x.at<T>(b);
  });
  run("sort", {&x}, {&sorted}, {descending ? 1.0 : 0.0});
  run("argsort", {&x}, {&places}, {descending ? 1.0 : 0.0});
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int32_t place = expected[static_cast<std::size_t>(i)];
    const std::string where = " of " + std::to_string(n) + " at " + std::to_string(i);
    check_equal(places.at<std::int32_t>(i), place, "argsort" + where);
    check_equal(sorted.at<T>(i), x.at<T>(place), "sort" + where);
  }
}

TEST("sort: rows of every kind of length") {
  for (const std::int64_t n : {1, 255, 256, 5999, 6000, 131072, 131073, 262144, 262145, 400000}) {
    check_sort<float>(n, false);
    check_sort<double>(n, true);
    check_sort<std::int32_t>(n, true);
  }
}

TEST("topk: what argsort has first, whether stretches are joined or not") {
  for (const std::int64_t n : {1000, 65536, 65537, 200000}) {
    for (const std::int64_t k : {1, 17, 1000}) {
      Tensor x = numbers<float>(n), places(DType::int32, x.shape), first(DType::int32, {1, k});
      run("argsort", {&x}, {&places}, {1});
      run("topk", {&x}, {&first}, {1});
      for (std::int64_t i = 0; i < k; ++i) {
        check_equal(first.at<std::int32_t>(i), places.at<std::int32_t>(i), "place " + std::to_string(i));
      }
    }
  }
}

TEST("cumsum: sums of integers are exact however the axis is cut") {
  for (const std::int64_t n : {1, 32768, 65536, 65537, 98304, 98305}) {
    for (const std::int64_t inner : {std::int64_t{1}, std::int64_t{3}}) {
      Tensor x = numbers<float>(n * inner), y(x.dtype, {1, n, inner}), backwards = y;
      x.shape = y.shape;
      run("cumsum", {&x}, {&y}, {0});
      run("cumsum", {&x}, {&backwards}, {1});
      for (std::int64_t j = 0; j < inner; ++j) {
        double total = 0;
        for (std::int64_t i = 0; i < n; ++i) {
          total += static_cast<double>(x.at<float>(i * inner + j));
          check_equal(y.at<float>(i * inner + j), static_cast<float>(total), "cumsum");
        }
        check_equal(backwards.at<float>(j), static_cast<float>(total), "cumsum from the end");
      }
    }
  }
}

}  // namespace
}  // namespace palimpsest::test
