// 16 registers of 32 bytes: 6 x 2 vectors of accumulators, 2 of columns, 1 broadcast row; with the output in
// registers 2 x 3 x 2.
#define PALIMPSEST_ISA avx2
#define PALIMPSEST_VECTOR_BYTES 32
#define PALIMPSEST_TILE_ROWS 6
#define PALIMPSEST_SQUARE_ROWS 3
#define PALIMPSEST_LONG_EXAMPLE 4
#include "micro_kernels.inl"
