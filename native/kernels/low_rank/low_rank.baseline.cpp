#include "low_rank_loops.inl"

namespace palimpsest::low_rank {

extern const LoopSet kBaselineLoops = kLoops;

}  // namespace palimpsest::low_rank
