#include "loops.inl"

namespace palimpsest {

extern const BenchLoops kAvx512BenchLoops = kBenchLoops;

}  // namespace palimpsest
