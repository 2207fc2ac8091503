#include "kernels/random_words.h"

namespace palimpsest {

void random_words(PhiloxKey key, RandomStream stream, std::uint64_t block, std::size_t count,
                  std::uint32_t* words) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto four = random_block(key, stream, block + i);
    for (std::size_t w = 0; w < 4; ++w) words[4 * i + w] = four[w];
  }
}

}  // namespace palimpsest
