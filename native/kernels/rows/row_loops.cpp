#include "row_loops.h"

#include "core/isa.h"

namespace palimpsest {

const RowLoopSet& row_loops() {
#if defined(__x86_64__)
  if (isa() == Isa::avx512) return kAvx512RowLoops;
  if (isa() == Isa::avx2) return kAvx2RowLoops;
#endif
  return kBaselineRowLoops;
}

}  // namespace palimpsest
