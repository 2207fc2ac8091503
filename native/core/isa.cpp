#include "isa.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace palimpsest {
namespace {

Isa detect() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool has_avx512 = has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
                          __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
                          __builtin_cpu_supports("avx512vl");
  return has_avx512 ? Isa::avx512 : has_avx2 ? Isa::avx2 : Isa::baseline;
#else
  return Isa::baseline;
#endif
}

Isa cap() {
  const char* text = std::getenv("PALIMPSEST_ISA");
  const std::string_view name = text == nullptr ? "" : text;
  if (name == "baseline") return Isa::baseline;
  if (name == "avx2") return Isa::avx2;
  return Isa::avx512;
}

}  // namespace

Isa isa() {
  static const Isa chosen = std::min(detect(), cap());
  return chosen;
}

}  // namespace palimpsest
