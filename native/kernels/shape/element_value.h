#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "core/half.h"

namespace palimpsest {

// A number from a program as an element of dtype T: integers are cut toward zero and kept in range, NaN
// becomes 0, and any number but 0 is true. (The elementwise `full` and `cast` follow the same rule.)
template <typename T>
T element_value(double value) {
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(value);
  } else if constexpr (std::is_same_v<T, BFloat16>) {
    return {bfloat16_from_float(float_rounded_to_odd(value))};
  } else if constexpr (std::is_same_v<T, Float16>) {
    return {float16_from_float(float_rounded_to_odd(value))};
  } else if constexpr (std::is_same_v<T, bool>) {
    return value != 0.0;
  } else {
    if (value != value) return 0;
    if (value <= static_cast<double>(std::numeric_limits<T>::min())) return std::numeric_limits<T>::min();
    if (value >= static_cast<double>(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
    return static_cast<T>(value);
  }
}

}  // namespace palimpsest
