#pragma once

#include <complex>
#include <cstdint>
#include <unsupported/Eigen/FFT>
#include <vector>

namespace palimpsest::fft {

using Index = std::int64_t;

// The discrete Fourier transform of one length in one direction, not scaled:
// y[k] = sum_j x[j] e^(-+ 2 pi i j k / n). It keeps tables and scratch: every thread has a copy of its own.
//
// Eigen's transform takes n * (sum of the prime factors) steps. A length with a large prime factor goes
// through a convolution of a power of two instead (Bluestein 1970): jk = (j^2 + k^2 - (k - j)^2) / 2.
template <typename T>
class Transform {
 public:
  using Complex = std::complex<T>;

  Transform(Index length, bool inverse);

  // Input and output are apart.
  void run(const Complex* x, Complex* y);
  // Real to the first n / 2 + 1 of the results, which are the conjugates of the others; forward only.
  void run_real(const T* x, Complex* y);
  // Back from those to the real ones; inverse only. The imaginary parts of the ends do not matter.
  void run_to_real(const Complex* x, T* y);

 private:
  void convolve(const Complex* x, Complex* y);

  Index length_;
  bool inverse_;
  bool smooth_;
  Eigen::FFT<T> engine_;
  std::vector<Complex> chirp_, filter_, first_, second_;
};

}  // namespace palimpsest::fft
