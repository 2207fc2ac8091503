#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace palimpsest {

// What a scan does with its elements: a state begins empty, takes one element after the other, and gives a
// result after each. `follow` puts the state of a whole block behind the state before it: the same as taking
// the block's elements one by one, but for rounding.

// Floats are added up in double precision; integers wrap around.
template <typename T, bool is_integer = std::is_integral_v<T>>
struct ScanNumberOf {
  using type = double;
};
template <typename T>
struct ScanNumberOf<T, true> {
  using type = std::make_unsigned_t<T>;
};
template <typename T>
using ScanNumber = typename ScanNumberOf<T>::type;

template <typename T>
struct CumSum {
  static constexpr std::size_t kInputs = 1, kOutputs = 1;
  ScanNumber<T> total = 0;

  void take(T x, std::int64_t) { total += static_cast<ScanNumber<T>>(x); }
  void follow(const CumSum& before) { total = before.total + total; }
  T result() const { return static_cast<T>(total); }
};

template <typename T>
struct CumProd {
  static constexpr std::size_t kInputs = 1, kOutputs = 1;
  ScanNumber<T> product = 1;

  void take(T x, std::int64_t) { product *= static_cast<ScanNumber<T>>(x); }
  void follow(const CumProd& before) { product = before.product * product; }
  T result() const { return static_cast<T>(product); }
};

// y = a y + b from y = 0.
template <typename T>
struct LinearScan {
  static constexpr std::size_t kInputs = 2, kOutputs = 1;
  double factor = 1, y = 0;

  void take(T a, T b, std::int64_t) {
    factor *= static_cast<double>(a);
    y = static_cast<double>(a) * y + static_cast<double>(b);
  }
  void follow(const LinearScan& before) {
    y = factor * before.y + y;
    factor *= before.factor;
  }
  T result() const { return static_cast<T>(y); }
};

// The largest (or smallest) element so far and where it is: the first of equals; a NaN stays.
template <typename T, bool largest>
struct CumExtreme {
  static constexpr std::size_t kInputs = 1, kOutputs = 2;
  T extreme = T(0);
  std::int32_t at = -1;

  void take(T x, std::int64_t i) {
    const bool is_better = largest ? x > extreme : x < extreme;
    if (at >= 0 && !is_better && !(x != x && extreme == extreme)) return;
    extreme = x;
    at = static_cast<std::int32_t>(i);
  }
  void follow(const CumExtreme& before) {
    if (before.at < 0) return;
    CumExtreme joined = before;
    if (at >= 0) joined.take(extreme, at);
    *this = joined;
  }
  T result() const { return extreme; }
  std::int32_t second() const { return at; }
};
template <typename T>
using CumMax = CumExtreme<T, true>;
template <typename T>
using CumMin = CumExtreme<T, false>;

// log(e^x + e^x' + ...) as the largest element and the sum of the exponentials below it.
template <typename T>
struct LogCumSumExp {
  static constexpr std::size_t kInputs = 1, kOutputs = 1;
  static constexpr double kLeast = -std::numeric_limits<double>::infinity();
  double largest = kLeast, sum = 0;

  void take(T x, std::int64_t) { join(static_cast<double>(x), 1); }
  void follow(const LogCumSumExp& before) { join(before.largest, before.sum); }
  T result() const { return static_cast<T>(largest == kLeast ? kLeast : largest + std::log(sum)); }

 private:
  // Adds `weight` e^x. A NaN stays: no comparison with it holds.
  void join(double x, double weight) {
    if (x == kLeast) return;
    if (x == largest) {
      sum += weight;
    } else if (x < largest) {
      sum += weight * std::exp(x - largest);
    } else {
      sum = largest == kLeast ? weight : sum * std::exp(largest - x) + weight;
      largest = x;
    }
  }
};

}  // namespace palimpsest
