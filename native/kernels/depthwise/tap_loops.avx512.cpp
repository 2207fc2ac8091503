#include "tap_loops.inl"

namespace palimpsest {

extern const TapLoopSet kAvx512TapLoops{kTapLoopsOf<float>, kTapLoopsOf<double>};

}  // namespace palimpsest
