#include "thin_loops.inl"

namespace palimpsest::thin {

template <>
const ThinLoops<float> Loops<float>::avx512 = kThinLoops<float>;
template <>
const ThinLoops<double> Loops<double>::avx512 = kThinLoops<double>;

}  // namespace palimpsest::thin
