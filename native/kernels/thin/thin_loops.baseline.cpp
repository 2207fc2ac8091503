#include "thin_loops.inl"

namespace palimpsest::thin {

template <>
const ThinLoops<float> Loops<float>::baseline = kThinLoops<float>;
template <>
const ThinLoops<double> Loops<double>::baseline = kThinLoops<double>;

}  // namespace palimpsest::thin
