#include "row_loops.inl"

namespace palimpsest {

extern const RowLoopSet kAvx2RowLoops{kRowLoopsOf<float>, kRowLoopsOf<double>};

}  // namespace palimpsest
