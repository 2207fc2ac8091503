#include "attention_loops.inl"

namespace palimpsest {

extern const AttentionLoopSet kAvx2AttentionLoops{kAttentionLoopsOf<float>, kAttentionLoopsOf<double>};

}  // namespace palimpsest
