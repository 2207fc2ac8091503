#include "loop_table.h"

namespace palimpsest {

extern const Loops kAvx512Loops{kOperationLoops, kCastLoops};

}  // namespace palimpsest
