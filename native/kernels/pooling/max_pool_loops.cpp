#include "max_pool_loops.h"

#include "core/isa.h"

namespace palimpsest {

const MaxPoolLoopSet& max_pool_loops() {
#if defined(__x86_64__)
  if (isa() == Isa::avx512) return kAvx512MaxPoolLoops;
  if (isa() == Isa::avx2) return kAvx2MaxPoolLoops;
#endif
  return kBaselineMaxPoolLoops;
}

}  // namespace palimpsest
