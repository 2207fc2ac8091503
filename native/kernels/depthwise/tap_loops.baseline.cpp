#include "tap_loops.inl"

namespace palimpsest {

extern const TapLoopSet kBaselineTapLoops{kTapLoopsOf<float>, kTapLoopsOf<double>};

}  // namespace palimpsest
