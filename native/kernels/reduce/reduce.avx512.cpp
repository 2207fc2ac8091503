#include "loop_table.h"

namespace palimpsest {

extern const ReduceLoops kAvx512ReduceLoops = kReduceLoops;

}  // namespace palimpsest
