#pragma once

namespace palimpsest {

// The instruction sets that have their own kernels, weakest first.
enum class Isa { baseline, avx2, avx512 };

// What this processor offers, capped by the environment variable PALIMPSEST_ISA=baseline|avx2|avx512. Asked once per process.
Isa isa();

}  // namespace palimpsest
