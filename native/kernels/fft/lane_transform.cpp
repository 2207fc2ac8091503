#include "lane_transform.h"

#include <cmath>

#include "core/isa.h"

namespace palimpsest::fft {
namespace {

constexpr std::int64_t kFewestLines = 4;  // fewer leave most lanes empty

// Fours first: they take the fewest steps.
std::vector<std::size_t> factors_of(std::size_t n) {
  std::vector<std::size_t> factors;
  for (; n % 4 == 0; n /= 4) factors.push_back(4);
  for (std::size_t p = 2; n > 1; ++p) {
    for (; n % p == 0; n /= p) factors.push_back(p);
  }
  return factors;
}

}  // namespace

template <typename T>
const LaneLoops<T>& lane_loops() {
#if defined(__x86_64__)
  if (isa() == Isa::avx512) return LaneLoops<T>::avx512;
  if (isa() == Isa::avx2) return LaneLoops<T>::avx2;
#endif
  return LaneLoops<T>::baseline;
}

template <typename T>
LanePlan<T>::LanePlan(std::int64_t length, bool inverse) {
  const auto n = static_cast<std::size_t>(length);
  std::vector<double> roots;  // of order n, as pairs
  for (std::size_t j = 0; j < n; ++j) {
    const double angle =
        (inverse ? 2 : -2) * 3.14159265358979323846 * static_cast<double>(j) / static_cast<double>(n);
    roots.push_back(std::cos(angle));
    roots.push_back(std::sin(angle));
  }
  const auto put = [&](std::size_t j) {
    for (std::size_t part = 0; part < 2; ++part) tables_.push_back(static_cast<T>(roots[2 * (j % n) + part]));
  };
  std::vector<std::size_t> starts;
  std::size_t s = 1;
  for (const std::size_t radix : factors_of(n)) {
    const std::size_t m = n / s / radix;
    starts.push_back(tables_.size());
    for (std::size_t p = 0; p < m; ++p) {
      for (std::size_t k = 1; k < radix; ++k) put(p * k * s);
    }
    starts.push_back(tables_.size());
    for (std::size_t j = 0; j < radix; ++j) put(j * (n / radix));
    stages_.push_back({radix, m, s, nullptr, nullptr});
    s *= radix;
  }
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    stages_[i].turns = tables_.data() + starts[2 * i];
    stages_[i].roots = tables_.data() + starts[2 * i + 1];
  }
}

template <typename T>
T* LanePlan<T>::run(T* x, T* spare) const {
  for (const Stage<T>& stage : stages_) {
    lane_loops<T>().run(stage, x, spare);
    std::swap(x, spare);
  }
  return x;
}

bool is_for_lanes(std::int64_t length, std::int64_t lines) {
  if (length < 2 || length > kLongestLine || lines < kFewestLines) return false;
  for (const std::size_t factor : factors_of(static_cast<std::size_t>(length))) {
    if (factor > kLargestRadix) return false;
  }
  return true;
}

template const LaneLoops<float>& lane_loops();
template const LaneLoops<double>& lane_loops();
template class LanePlan<float>;
template class LanePlan<double>;

}  // namespace palimpsest::fft
