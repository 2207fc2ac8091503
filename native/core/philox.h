#pragma once

#include <array>
#include <cstdint>

namespace palimpsest {

// Philox4x32-10: a counter-based generator. Any word of the stream can be computed by itself, so results do
// not depend on how the work was cut. Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3
// (SC 2011).
//
// The bit stream of a key (k0, k1), which is part of the file format of seeded runs and never changes:
//   block b of stream s is philox4x32(counter = (low 32 bits of b, high 32 bits of b, s, 0), key = (k0, k1));
//   32-bit word i is word i % 4 of block i / 4; 64-bit word i is word 2i (low half) and word 2i + 1 (high
//   half).
enum class RandomStream : std::uint32_t { draws = 0, permutation = 1, keys = 2, folds = 3 };

struct PhiloxKey {
  std::uint32_t k0;
  std::uint32_t k1;
};

inline std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, PhiloxKey key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key.k0, static_cast<std::uint32_t>(b),
               static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key.k1, static_cast<std::uint32_t>(a)};
    key.k0 += 0x9E3779B9;  // the golden ratio
    key.k1 += 0xBB67AE85;  // sqrt(3) - 1
  }
  return counter;
}

inline std::array<std::uint32_t, 4> random_block(PhiloxKey key, RandomStream stream, std::uint64_t block) {
  return philox4x32({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
                     static_cast<std::uint32_t>(stream), 0},
                    key);
}

}  // namespace palimpsest
