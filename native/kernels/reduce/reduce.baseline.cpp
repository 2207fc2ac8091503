#include "loop_table.h"

namespace palimpsest {

extern const ReduceLoops kBaselineReduceLoops = kReduceLoops;

}  // namespace palimpsest
