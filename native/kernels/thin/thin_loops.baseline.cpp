#include "thin_loops.inl"

namespace palimpsest::thin {

template <>
const ThinLoops<float, float> Loops<float, float>::baseline = kThinLoops<float, float>;
template <>
const ThinLoops<double, double> Loops<double, double>::baseline = kThinLoops<double, double>;
template <>
const ThinLoops<float, BFloat16> Loops<float, BFloat16>::baseline = kThinLoops<float, BFloat16>;
template <>
const ThinLoops<float, Float16> Loops<float, Float16>::baseline = kThinLoops<float, Float16>;

}  // namespace palimpsest::thin
