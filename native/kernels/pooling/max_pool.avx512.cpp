#include "max_pool_loops.inl"

namespace palimpsest {

extern const MaxPoolLoopSet kAvx512MaxPoolLoops{kMaxPoolLoopsOf<float>, kMaxPoolLoopsOf<double>};

}  // namespace palimpsest
