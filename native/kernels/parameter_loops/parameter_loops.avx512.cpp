#include "parameter_loops.inl"

namespace palimpsest {

extern const ParameterLoopSet kAvx512ParameterLoops{kParameterLoopsOf<float>, kParameterLoopsOf<double>};

}  // namespace palimpsest
