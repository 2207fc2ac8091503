#include "normal.inl"

namespace palimpsest {

extern const NormalLoops kAvx512Normal = kNormalLoops;

}  // namespace palimpsest
