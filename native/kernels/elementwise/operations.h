#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace palimpsest {

// The elementwise operations that a `fused` program may use, in code order: a new one is one line here (at
// the end, so that older codes keep their meaning) and its formula in formulas.h. X(name, number of operands,
// rule, element types with a loop)
#define PALIMPSEST_ELEMENTWISE_OPERATIONS(X) \
  X(full, 0, fill, Stored)                   \
  X(cast, 1, cast, Stored)                   \
  X(add, 2, same, Arithmetic)                \
  X(sub, 2, same, Arithmetic)                \
  X(mul, 2, same, Arithmetic)                \
  X(div, 2, same, Floats)                    \
  X(neg, 1, same, Numbers)                   \
  X(abs, 1, same, Arithmetic)                \
  X(sign, 1, same, Arithmetic)               \
  X(square, 1, same, Arithmetic)             \
  X(sqrt, 1, same, Floats)                   \
  X(rsqrt, 1, same, Floats)                  \
  X(reciprocal, 1, same, Floats)             \
  X(exp, 1, same, Floats)                    \
  X(expm1, 1, same, Floats)                  \
  X(log, 1, same, Floats)                    \
  X(log1p, 1, same, Floats)                  \
  X(tanh, 1, same, Floats)                   \
  X(sigmoid, 1, same, Floats)                \
  X(erf, 1, same, Floats)                    \
  X(sin, 1, same, Floats)                    \
  X(cos, 1, same, Floats)                    \
  X(pow, 2, same, Floats)                    \
  X(maximum, 2, same, Arithmetic)            \
  X(minimum, 2, same, Arithmetic)            \
  X(floor, 1, same, Floats)                  \
  X(ceil, 1, same, Floats)                   \
  X(round, 1, same, Floats)                  \
  X(relu, 1, same, Numbers)                  \
  X(greater, 2, compare, Any)                \
  X(greaterEqual, 2, compare, Any)           \
  X(less, 2, compare, Any)                   \
  X(lessEqual, 2, compare, Any)              \
  X(equal, 2, compare, Any)                  \
  X(notEqual, 2, compare, Any)               \
  X(logicalAnd, 2, same, Booleans)           \
  X(logicalOr, 2, same, Booleans)            \
  X(logicalNot, 1, same, Booleans)           \
  X(where, 3, choose, Any)                   \
  X(isFinite, 1, compare, Floats)            \
  X(isNaN, 1, compare, Floats)               \
  X(isInf, 1, compare, Floats)               \
  X(logicalXor, 2, same, Booleans)           \
  X(trunc, 1, same, Floats)                  \
  X(floorDiv, 2, same, Arithmetic)           \
  X(remainder, 2, same, Arithmetic)          \
  X(fmod, 2, same, Arithmetic)               \
  X(exp2, 1, same, Floats)                   \
  X(log2, 1, same, Floats)                   \
  X(tan, 1, same, Floats)                    \
  X(asin, 1, same, Floats)                   \
  X(acos, 1, same, Floats)                   \
  X(atan, 1, same, Floats)                   \
  X(atan2, 2, same, Floats)                  \
  X(sinh, 1, same, Floats)                   \
  X(cosh, 1, same, Floats)                   \
  X(erfc, 1, same, Floats)                   \
  X(erfinv, 1, same, Floats)                 \
  X(softplus, 1, same, Floats)               \
  X(silu, 1, same, Floats)                   \
  X(siluSlope, 1, same, Floats)              \
  X(gelu, 1, same, Floats)                   \
  X(geluSlope, 1, same, Floats)              \
  X(geluTanh, 1, same, Floats)               \
  X(geluTanhSlope, 1, same, Floats)          \
  X(cbrt, 1, same, Floats)

// How the dtypes of operands and result hang together; T is the element type that the loop is chosen by.
enum class Rule : std::uint8_t {
  fill,     // no operand, result T: the step's immediate
  cast,     // an operand of any dtype, a result of any dtype
  same,     // operands T, result T
  compare,  // operands T, result bool
  choose,   // first operand bool, the others T, result T
};

struct Operation {
  const char* name;
  int arity;
  Rule rule;
};

// Indexed by operation code.
std::span<const Operation> operations();
// The names in code order, for whoever writes programs.
std::vector<std::string> elementwise_operations();

}  // namespace palimpsest
