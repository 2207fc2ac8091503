#include "row_loops.inl"

namespace palimpsest {

extern const RowLoopSet kBaselineRowLoops{kRowLoopsOf<float>, kRowLoopsOf<double>};

}  // namespace palimpsest
