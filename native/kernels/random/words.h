#pragma once

#include <cstddef>
#include <cstdint>

#include "core/philox.h"

namespace palimpsest {

// Writes the 32-bit words [4 * block, 4 * (block + count)) of a stream. Whole numbers all the way: the same
// for every instruction set.
using WordLoop = void (*)(PhiloxKey key, RandomStream stream, std::uint64_t block, std::size_t count,
                          std::uint32_t* words);

extern const WordLoop kBaselineWords;
#if defined(__x86_64__)
extern const WordLoop kAvx2Words;
extern const WordLoop kAvx512Words;
#endif

// The loop for this processor.
WordLoop random_words();

// 64-bit word i of a run of 32-bit words.
inline std::uint64_t word64(const std::uint32_t* words, std::size_t i) {
  return words[2 * i] | static_cast<std::uint64_t>(words[2 * i + 1]) << 32;
}

}  // namespace palimpsest
