#include "low_rank_loops.inl"

namespace palimpsest::low_rank {

extern const LoopSet kAvx512Loops = kLoops;

}  // namespace palimpsest::low_rank
