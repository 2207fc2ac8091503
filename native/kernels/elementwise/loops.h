#pragma once

#include <cstddef>

#include "core/dtype.h"

namespace palimpsest {

// Runs one operation over n elements that lie side by side. `out` may be exactly one of the operands.
// Unused operands are null.
using Loop = void (*)(std::size_t n, std::byte* out, const std::byte* a, const std::byte* b,
                      const std::byte* c, double immediate);

// The loops of one instruction set.
struct Loops {
  // [operation code][element dtype], null where the operation is not defined for the dtype
  const Loop (*operations)[kDTypeCount];
  // [from][to]
  const Loop (*casts)[kDTypeCount];
};

extern const Loops kBaselineLoops;
#if defined(__x86_64__)
extern const Loops kAvx2Loops;
extern const Loops kAvx512Loops;
#endif

// The loops for this processor.
const Loops& loops();

}  // namespace palimpsest
