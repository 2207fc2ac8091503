#include "low_rank_loops.inl"

namespace palimpsest::low_rank {

extern const LoopSet kAvx2Loops = kLoops;

}  // namespace palimpsest::low_rank
