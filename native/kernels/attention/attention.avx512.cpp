#include "attention_loops.inl"

namespace palimpsest {

extern const AttentionLoopSet kAvx512AttentionLoops{kAttentionLoopsOf<float>, kAttentionLoopsOf<double>};

}  // namespace palimpsest
