// Tiles of products of bfloat16, for processors that multiply and add pairs of them by themselves: two
// multiply-adds a lane and instruction. What the machinery moves about as floats are pairs of neighbours
// along the depth.
#include <immintrin.h>

#include <utility>

#include "micro_kernels.h"

namespace palimpsest::product::avx512 {
namespace {

constexpr Index kPairs = 16;  // a vector
// Columns are asked for this many steps ahead, as in tile.inl.
constexpr Index kAhead = 32;

inline __attribute__((always_inline)) __m512bh all_lanes(const float* pair) {
  int bits;
  __builtin_memcpy(&bits, pair, sizeof(bits));
  return (__m512bh)_mm512_set1_epi32(bits);
}

template <int R, int V, bool kRowsApart>
void tile(const Tile<float>& job) {
  __m512 sum[R][V];
#pragma GCC unroll 12
  for (int i = 0; i < R; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) {
      sum[i][v] = job.row_start != nullptr      ? _mm512_set1_ps(job.row_start[i])
                  : job.column_start != nullptr ? _mm512_loadu_ps(job.column_start + v * kPairs)
                                                : _mm512_setzero_ps();
    }
  }
  const float *a = job.a, *b = job.b;
  const Index a_step = job.a_step, b_step = job.b_step;
  for (Index k = 0; k < job.depth; ++k) {
    __m512bh columns[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) {
      columns[v] = (__m512bh)_mm512_loadu_ps(b + v * kPairs);
      __builtin_prefetch(b + kAhead * b_step + v * kPairs);
    }
#pragma GCC unroll 12
    for (int i = 0; i < R; ++i) {
      const __m512bh row = all_lanes(kRowsApart ? a + i * a_step : a + i);
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) sum[i][v] = _mm512_dpbf16_ps(sum[i][v], row, columns[v]);
    }
    a += kRowsApart ? 1 : a_step;
    b += b_step;
  }
  float* c = job.c;
#pragma GCC unroll 12
  for (int i = 0; i < R; ++i, c += job.c_step) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) {
      float* const at = c + v * kPairs;
      const __m512 before = job.update == Update::add ? _mm512_loadu_ps(at) : _mm512_setzero_ps();
      _mm512_storeu_ps(at, _mm512_add_ps(before, sum[i][v]));
    }
  }
}

template <bool kRowsApart, int... R>
void fill(MicroKernels<float>& table, std::integer_sequence<int, R...>) {
  ((table.tile[kRowsApart][R][0] = tile<R + 1, 1, kRowsApart>), ...);
  ((table.tile[kRowsApart][R][1] = tile<R + 1, 2, kRowsApart>), ...);
}

// out[j] = (first[j], second[j]) for `count` numbers.
void interleave(const std::uint16_t* first, const std::uint16_t* second, Index count, float* out) {
  Index j = 0;
  for (; j + kPairs <= count; j += kPairs) {
    const __m512i low =
        _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(first + j)));
    const __m512i high =
        _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(second + j)));
    _mm512_storeu_si512(out + j, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
  }
  for (; j < count; ++j) {
    const std::uint32_t pair = first[j] | static_cast<std::uint32_t>(second[j]) << 16;
    __builtin_memcpy(out + j, &pair, sizeof(pair));
  }
}

}  // namespace

PairKernels pair_kernels() {
  PairKernels kernels{micro_kernels<float>(), interleave};
  fill<false>(kernels.tiles, std::make_integer_sequence<int, kMaxTileRows>());
  fill<true>(kernels.tiles, std::make_integer_sequence<int, kMaxTileRows>());
  return kernels;
}

}  // namespace palimpsest::product::avx512
