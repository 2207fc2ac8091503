#include "loop_table.h"

namespace palimpsest {

extern const Loops kAvx2Loops{kOperationLoops, kCastLoops};

}  // namespace palimpsest
