#include "normal.h"

#include "core/isa.h"

namespace palimpsest {

const NormalLoops& normal_loops() {
#if defined(__x86_64__)
  if (isa() == Isa::avx512) return kAvx512Normal;
  if (isa() == Isa::avx2) return kAvx2Normal;
#endif
  return kBaselineNormal;
}

}  // namespace palimpsest
