#include "micro_kernels.h"

#include "core/isa.h"

namespace palimpsest::product {
namespace {

template <typename T>
MicroKernels<T> choose() {
#if defined(__x86_64__)
  if (isa() == Isa::avx512) return avx512::micro_kernels<T>();
  if (isa() == Isa::avx2) return avx2::micro_kernels<T>();
#endif
  return baseline::micro_kernels<T>();
}

}  // namespace

template <typename T>
const MicroKernels<T>& micro_kernels() {
  static const MicroKernels<T> chosen = choose<T>();
  return chosen;
}

template const MicroKernels<float>& micro_kernels();
template const MicroKernels<double>& micro_kernels();

}  // namespace palimpsest::product
