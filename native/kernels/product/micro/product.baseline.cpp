// 16 registers of 16 bytes and no multiply-add: a product needs a register of its own, hence 4 x 2
// accumulators.
#define PALIMPSEST_ISA baseline
#define PALIMPSEST_VECTOR_BYTES 16
#define PALIMPSEST_TILE_ROWS 4
#define PALIMPSEST_SQUARE_ROWS 2
#define PALIMPSEST_LONG_EXAMPLE 4
#include "micro_kernels.inl"
