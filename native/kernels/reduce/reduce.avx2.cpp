#include "loop_table.h"

namespace palimpsest {

extern const ReduceLoops kAvx2ReduceLoops = kReduceLoops;

}  // namespace palimpsest
