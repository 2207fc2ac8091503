#pragma once

#include <cstddef>
#include <cstdint>

#include "core/philox.h"

namespace palimpsest {

// The 32-bit words [4 * block, 4 * (block + count)) of a stream.
void random_words(PhiloxKey key, RandomStream stream, std::uint64_t block, std::size_t count,
                  std::uint32_t* words);

}  // namespace palimpsest
