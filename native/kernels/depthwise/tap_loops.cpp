#include "tap_loops.h"

#include "core/isa.h"

namespace palimpsest {

const TapLoopSet& tap_loops() {
#if defined(__x86_64__)
  if (isa() == Isa::avx512) return kAvx512TapLoops;
  if (isa() == Isa::avx2) return kAvx2TapLoops;
#endif
  return kBaselineTapLoops;
}

}  // namespace palimpsest
