#include "normal.inl"

namespace palimpsest {

extern const NormalLoops kBaselineNormal = kNormalLoops;

}  // namespace palimpsest
