#include "loops.inl"

namespace palimpsest {

extern const BenchLoops kAvx2BenchLoops = kBenchLoops;

}  // namespace palimpsest
