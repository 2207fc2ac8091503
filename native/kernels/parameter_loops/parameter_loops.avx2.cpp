#include "parameter_loops.inl"

namespace palimpsest {

extern const ParameterLoopSet kAvx2ParameterLoops{kParameterLoopsOf<float>, kParameterLoopsOf<double>};

}  // namespace palimpsest
