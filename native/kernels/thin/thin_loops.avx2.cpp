#include "thin_loops.inl"

namespace palimpsest::thin {

template <>
const ThinLoops<float> Loops<float>::avx2 = kThinLoops<float>;
template <>
const ThinLoops<double> Loops<double>::avx2 = kThinLoops<double>;

}  // namespace palimpsest::thin
