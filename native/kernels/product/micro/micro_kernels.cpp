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

const PairKernels* pair_kernels() {
#if defined(__x86_64__)
  static const bool is_there = isa() == Isa::avx512 && __builtin_cpu_supports("avx512bf16");
  if (is_there) {
    static const PairKernels kernels = avx512::pair_kernels();
    return &kernels;
  }
#endif
  return nullptr;
}

template const MicroKernels<float>& micro_kernels();
template const MicroKernels<double>& micro_kernels();

}  // namespace palimpsest::product
