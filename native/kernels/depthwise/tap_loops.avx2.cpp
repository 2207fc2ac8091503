#include "tap_loops.inl"

namespace palimpsest {

extern const TapLoopSet kAvx2TapLoops{kTapLoopsOf<float>, kTapLoopsOf<double>};

}  // namespace palimpsest
