#include "max_pool_loops.inl"

namespace palimpsest {

extern const MaxPoolLoopSet kAvx2MaxPoolLoops{kMaxPoolLoopsOf<float>, kMaxPoolLoopsOf<double>};

}  // namespace palimpsest
