#include "normal.inl"

namespace palimpsest {

extern const NormalLoops kAvx2Normal = kNormalLoops;

}  // namespace palimpsest
