#include "parameter_loops.inl"

namespace palimpsest {

extern const ParameterLoopSet kBaselineParameterLoops{kParameterLoopsOf<float>, kParameterLoopsOf<double>};

}  // namespace palimpsest
