#include "row_loops.inl"

namespace palimpsest {

extern const RowLoopSet kAvx512RowLoops{kRowLoopsOf<float>, kRowLoopsOf<double>};

}  // namespace palimpsest
