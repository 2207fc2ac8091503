#include "attention_loops.h"

#include "core/isa.h"

namespace palimpsest {

const AttentionLoopSet& attention_loops() {
#if defined(__x86_64__)
  if (isa() == Isa::avx512) return kAvx512AttentionLoops;
  if (isa() == Isa::avx2) return kAvx2AttentionLoops;
#endif
  return kBaselineAttentionLoops;
}

}  // namespace palimpsest
