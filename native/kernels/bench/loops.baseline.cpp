#include "loops.inl"

namespace palimpsest {

extern const BenchLoops kBaselineBenchLoops = kBenchLoops;

}  // namespace palimpsest
