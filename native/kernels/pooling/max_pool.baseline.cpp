#include "max_pool_loops.inl"

namespace palimpsest {

extern const MaxPoolLoopSet kBaselineMaxPoolLoops{kMaxPoolLoopsOf<float>, kMaxPoolLoopsOf<double>};

}  // namespace palimpsest
