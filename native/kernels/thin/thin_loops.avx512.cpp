#include "thin_loops.inl"

namespace palimpsest::thin {

template <>
const ThinLoops<float, float> Loops<float, float>::avx512 = kThinLoops<float, float>;
template <>
const ThinLoops<double, double> Loops<double, double>::avx512 = kThinLoops<double, double>;
template <>
const ThinLoops<float, BFloat16> Loops<float, BFloat16>::avx512 = kThinLoops<float, BFloat16>;
template <>
const ThinLoops<float, Float16> Loops<float, Float16>::avx512 = kThinLoops<float, Float16>;

}  // namespace palimpsest::thin
