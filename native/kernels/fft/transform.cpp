#include "kernels/fft/transform.h"

#include <algorithm>
#include <cmath>

namespace palimpsest::fft {
namespace {

// Prime factors up to this are cheaper as they are than through a convolution of more than twice the length.
constexpr Index kLargestFactor = 50;

Index largest_factor(Index n) {
  Index largest = 1;
  for (Index p = 2; p * p <= n; ++p) {
    for (; n % p == 0; n /= p) largest = p;
  }
  return std::max(largest, n);
}

}  // namespace

template <typename T>
Transform<T>::Transform(Index length, bool inverse)
    : length_(length), inverse_(inverse), smooth_(largest_factor(length) <= kLargestFactor) {
  engine_.SetFlag(Eigen::FFT<T>::Unscaled);
  engine_.SetFlag(Eigen::FFT<T>::HalfSpectrum);
  if (smooth_) return;
  Index size = 1;
  while (size < 2 * length - 1) size *= 2;
  const double step = (inverse ? 1 : -1) * 3.14159265358979323846 / static_cast<double>(length);
  for (Index j = 0; j < length; ++j) {
    const double angle = step * static_cast<double>(j * j % (2 * length));
    chirp_.emplace_back(static_cast<T>(std::cos(angle)), static_cast<T>(std::sin(angle)));
  }
  first_.assign(static_cast<std::size_t>(size), Complex());
  second_ = filter_ = first_;
  for (Index j = 0; j < length; ++j) {
    const Complex value = std::conj(chirp_[static_cast<std::size_t>(j)]) / static_cast<T>(size);
    first_[static_cast<std::size_t>(j)] = value;
    first_[static_cast<std::size_t>((size - j) % size)] = value;
  }
  engine_.fwd(filter_.data(), first_.data(), static_cast<int>(size));
}

template <typename T>
void Transform<T>::convolve(const Complex* x, Complex* y) {
  const std::size_t length = static_cast<std::size_t>(length_);
  // Written out: the operator of the standard library looks for infinities in every product.
  const auto times = [](Complex a, Complex b) {
    return Complex(a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real());
  };
  for (std::size_t j = 0; j < length; ++j) first_[j] = times(x[j], chirp_[j]);
  std::fill(first_.begin() + length_, first_.end(), Complex());
  engine_.fwd(second_.data(), first_.data(), static_cast<int>(second_.size()));
  for (std::size_t k = 0; k < second_.size(); ++k) second_[k] = times(second_[k], filter_[k]);
  engine_.inv(first_.data(), second_.data(), static_cast<int>(second_.size()));
  for (std::size_t k = 0; k < length; ++k) y[k] = times(first_[k], chirp_[k]);
}

template <typename T>
void Transform<T>::run(const Complex* x, Complex* y) {
  if (length_ == 1) {
    y[0] = x[0];
  } else if (!smooth_) {
    convolve(x, y);
  } else if (inverse_) {
    engine_.inv(y, x, static_cast<int>(length_));
  } else {
    engine_.fwd(y, x, static_cast<int>(length_));
  }
}

template <typename T>
void Transform<T>::run_real(const T* x, Complex* y) {
  if (length_ == 1) {
    y[0] = x[0];
  } else if (smooth_) {
    engine_.fwd(y, x, static_cast<int>(length_));
  } else {
    const std::vector<Complex> whole(x, x + length_);
    std::vector<Complex> result(whole.size());
    convolve(whole.data(), result.data());
    std::copy_n(result.begin(), length_ / 2 + 1, y);
  }
}

template <typename T>
void Transform<T>::run_to_real(const Complex* x, T* y) {
  if (length_ == 1) {
    y[0] = x[0].real();
  } else if (smooth_) {
    engine_.inv(y, x, static_cast<int>(length_));
  } else {
    std::vector<Complex> whole(x, x + length_ / 2 + 1), result(static_cast<std::size_t>(length_));
    for (Index k = length_ / 2 + 1; k < length_; ++k) whole.push_back(std::conj(x[length_ - k]));
    convolve(whole.data(), result.data());
    for (Index j = 0; j < length_; ++j) y[j] = result[static_cast<std::size_t>(j)].real();
  }
}

template class Transform<float>;
template class Transform<double>;

}  // namespace palimpsest::fft
