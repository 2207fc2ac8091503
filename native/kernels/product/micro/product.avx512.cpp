// 32 registers of 64 bytes: 12 x 2 vectors of accumulators, 2 of columns, 1 broadcast row. A step of depth is
// 24 multiply-adds against 14 loads, so that two multiply-add units stay busy. With the output in registers:
// 2 x 6 x 2.
#define PALIMPSEST_ISA avx512
#define PALIMPSEST_VECTOR_BYTES 64
#define PALIMPSEST_TILE_ROWS 12
#define PALIMPSEST_SQUARE_ROWS 6
#define PALIMPSEST_LONG_EXAMPLE 64
#include "micro_kernels.inl"
