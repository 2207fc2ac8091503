#include "loops.h"

#include "core/isa.h"

namespace palimpsest {

const BenchLoops& bench_loops() {
#if defined(__x86_64__)
  if (isa() == Isa::avx512) return kAvx512BenchLoops;
  if (isa() == Isa::avx2) return kAvx2BenchLoops;
#endif
  return kBaselineBenchLoops;
}

}  // namespace palimpsest
