#include "loops.h"

#include "core/isa.h"

namespace palimpsest {

const ReduceLoops& reduce_loops() {
#if defined(__x86_64__)
  if (isa() == Isa::avx512) return kAvx512ReduceLoops;
  if (isa() == Isa::avx2) return kAvx2ReduceLoops;
#endif
  return kBaselineReduceLoops;
}

}  // namespace palimpsest
