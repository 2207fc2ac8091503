#include "parameter_loops.h"

#include "core/isa.h"

namespace palimpsest {

const ParameterLoopSet& parameter_loops() {
#if defined(__x86_64__)
  if (isa() == Isa::avx512) return kAvx512ParameterLoops;
  if (isa() == Isa::avx2) return kAvx2ParameterLoops;
#endif
  return kBaselineParameterLoops;
}

Write write_for(std::size_t bytes) {
  constexpr std::size_t kMoreThanCached = std::size_t{8} << 20;  // a few times the second cache
  return bytes >= kMoreThanCached ? Write::around_cache : Write::cached;
}

}  // namespace palimpsest
