#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "error.h"
#include "half.h"

namespace palimpsest {

// The numbers are part of the program format: lib/graph/dtype.ts lists the same names in the same order.
enum class DType : std::uint8_t {
  float32 = 0,
  float64 = 1,
  int32 = 2,
  uint8 = 3,
  boolean = 4,
  bfloat16 = 5,
  float16 = 6,
  int64 = 7,
};
constexpr std::size_t kDTypeCount = 8;

constexpr std::size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::float32: return 4;
    case DType::float64: return 8;
    case DType::int32: return 4;
    case DType::uint8: return 1;
    case DType::boolean: return 1;
    case DType::bfloat16: return 2;
    case DType::float16: return 2;
    case DType::int64: return 8;
  }
  return 0;
}

constexpr const char* name_of(DType dtype) {
  switch (dtype) {
    case DType::float32: return "float32";
    case DType::float64: return "float64";
    case DType::int32: return "int32";
    case DType::uint8: return "uint8";
    case DType::boolean: return "bool";
    case DType::bfloat16: return "bfloat16";
    case DType::float16: return "float16";
    case DType::int64: return "int64";
  }
  return "unknown";
}

template <typename T> struct DTypeOf;
template <> struct DTypeOf<float> { static constexpr DType value = DType::float32; };
template <> struct DTypeOf<double> { static constexpr DType value = DType::float64; };
template <> struct DTypeOf<std::int32_t> { static constexpr DType value = DType::int32; };
template <> struct DTypeOf<std::uint8_t> { static constexpr DType value = DType::uint8; };
template <> struct DTypeOf<bool> { static constexpr DType value = DType::boolean; };
template <> struct DTypeOf<BFloat16> { static constexpr DType value = DType::bfloat16; };
template <> struct DTypeOf<Float16> { static constexpr DType value = DType::float16; };
template <> struct DTypeOf<std::int64_t> { static constexpr DType value = DType::int64; };

// Calls f.template operator()<T>() for the element type T of a floating-point dtype that is computed in. Programs widen
// float16 and bfloat16 before kernels that compute: lib/graph/halves/halves.ts.
template <typename F> void dispatch_float(DType dtype, F&& f) {
  switch (dtype) {
    case DType::float32: f.template operator()<float>(); return;
    case DType::float64: f.template operator()<double>(); return;
    default: throw Error("ERR_DTYPE", std::string("expected float32 or float64, got ") + name_of(dtype));
  }
}

// Calls f.template operator()<T>() for the element type T of any dtype that is computed in, but for bool.
template <typename F> void dispatch_number(DType dtype, F&& f) {
  switch (dtype) {
    case DType::float32: f.template operator()<float>(); return;
    case DType::float64: f.template operator()<double>(); return;
    case DType::int32: f.template operator()<std::int32_t>(); return;
    case DType::uint8: f.template operator()<std::uint8_t>(); return;
    case DType::int64: f.template operator()<std::int64_t>(); return;
    default: throw Error("ERR_DTYPE", std::string("expected a number to compute with, got ") + name_of(dtype));
  }
}

// The same, and bool as bytes: a byte other than 0 and 1 in a C++ bool would be undefined.
template <typename F> void dispatch_comparable(DType dtype, F&& f) {
  if (dtype == DType::boolean) return f.template operator()<std::uint8_t>();
  dispatch_number(dtype, std::forward<F>(f));
}

// Calls f.template operator()<T>() for the element type T of any dtype; BFloat16 and Float16 have no arithmetic.
template <typename F> void dispatch_any(DType dtype, F&& f) {
  switch (dtype) {
    case DType::float32: f.template operator()<float>(); return;
    case DType::float64: f.template operator()<double>(); return;
    case DType::int32: f.template operator()<std::int32_t>(); return;
    case DType::uint8: f.template operator()<std::uint8_t>(); return;
    case DType::boolean: f.template operator()<bool>(); return;
    case DType::bfloat16: f.template operator()<BFloat16>(); return;
    case DType::float16: f.template operator()<Float16>(); return;
    case DType::int64: f.template operator()<std::int64_t>(); return;
  }
}

}  // namespace palimpsest
