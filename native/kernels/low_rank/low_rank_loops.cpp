#include "low_rank_loops.h"

#include "core/isa.h"

namespace palimpsest::low_rank {

const LoopSet& loops() {
#if defined(__x86_64__)
  if (isa() == Isa::avx512) return kAvx512Loops;
  if (isa() == Isa::avx2) return kAvx2Loops;
#endif
  return kBaselineLoops;
}

}  // namespace palimpsest::low_rank
