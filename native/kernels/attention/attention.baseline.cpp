#include "attention_loops.inl"

namespace palimpsest {

extern const AttentionLoopSet kBaselineAttentionLoops{kAttentionLoopsOf<float>, kAttentionLoopsOf<double>};

}  // namespace palimpsest
