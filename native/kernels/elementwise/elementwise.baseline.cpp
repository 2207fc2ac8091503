#include "loop_table.h"

namespace palimpsest {

extern const Loops kBaselineLoops{kOperationLoops, kCastLoops};

}  // namespace palimpsest
