#include "lane_transform.inl"

namespace palimpsest::fft {

template <>
const LaneLoops<float> LaneLoops<float>::avx512 = {run_stage<float>};
template <>
const LaneLoops<double> LaneLoops<double>::avx512 = {run_stage<double>};

}  // namespace palimpsest::fft
