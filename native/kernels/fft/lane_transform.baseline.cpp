#include "lane_transform.inl"

namespace palimpsest::fft {

template <>
const LaneLoops<float> LaneLoops<float>::baseline = {run_stage<float>};
template <>
const LaneLoops<double> LaneLoops<double>::baseline = {run_stage<double>};

}  // namespace palimpsest::fft
