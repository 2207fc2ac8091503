// Philox on vectors of counters, as in core/philox.h. Included by one file per instruction set, with the
// precautions of lanes.h.
#include "kernels/lanes.h"
#include "words.h"

namespace palimpsest {
namespace {

using Word = std::uint64_t;  // the lower half holds a 32-bit word; what the upper half holds does not matter
constexpr std::size_t kBlocks = kLanes<Word>;  // a vector holds one word of each of so many blocks

// The 64-bit products of the lower halves.
inline Vector<Word> product_of_words(Vector<Word> a, Vector<Word> b) {
#if defined(__AVX512F__)
  return __builtin_bit_cast(Vector<Word>,
                            _mm512_mul_epu32(__builtin_bit_cast(__m512i, a), __builtin_bit_cast(__m512i, b)));
#elif defined(__AVX2__)
  return __builtin_bit_cast(Vector<Word>,
                            _mm256_mul_epu32(__builtin_bit_cast(__m256i, a), __builtin_bit_cast(__m256i, b)));
#elif defined(__SSE2__)
  return __builtin_bit_cast(Vector<Word>,
                            _mm_mul_epu32(__builtin_bit_cast(__m128i, a), __builtin_bit_cast(__m128i, b)));
#else
  return (a & 0xFFFFFFFF) * (b & 0xFFFFFFFF);
#endif
}

struct Counters {
  Vector<Word> words[4];

  Counters(RandomStream stream, std::uint64_t block) {
    Vector<Word> index = {};
    for (std::size_t lane = 0; lane < kBlocks; ++lane) index[lane] = block + lane;
    words[0] = index;
    words[1] = index >> 32;
    words[2] = splat<Word>(static_cast<Word>(stream));
    words[3] = Vector<Word>{};
  }

  void mix(PhiloxKey key) {
    const Vector<Word> a = product_of_words(words[0], splat<Word>(0xD2511F53));
    const Vector<Word> b = product_of_words(words[2], splat<Word>(0xCD9E8D57));
    words[0] = (b >> 32) ^ words[1] ^ splat<Word>(key.k0);
    words[1] = b;
    words[2] = (a >> 32) ^ words[3] ^ splat<Word>(key.k1);
    words[3] = a;
  }

  // The four words of each block side by side.
  void put(std::uint32_t* out) const {
    const Vector<Word> low = (words[0] & 0xFFFFFFFF) | words[1] << 32;
    const Vector<Word> high = (words[2] & 0xFFFFFFFF) | words[3] << 32;
    interleave(low, high, out, std::make_index_sequence<kBlocks>());
  }

 private:
  template <std::size_t... lane>
  static void interleave(Vector<Word> low, Vector<Word> high, std::uint32_t* out,
                         std::index_sequence<lane...>) {
    constexpr std::size_t kHalf = kBlocks / 2;
    const Vector<Word> first = __builtin_shufflevector(low, high, (lane / 2 + lane % 2 * kBlocks)...);
    const Vector<Word> second =
        __builtin_shufflevector(low, high, (kHalf + lane / 2 + lane % 2 * kBlocks)...);
    __builtin_memcpy(out, &first, kVectorBytes);
    __builtin_memcpy(out + kVectorBytes / 4, &second, kVectorBytes);
  }
};

void word_loop(PhiloxKey key, RandomStream stream, std::uint64_t block, std::size_t count,
               std::uint32_t* words) {
  constexpr std::size_t kChains = 2;  // enough to hide the latency of a round
  alignas(64) std::uint32_t rest[4 * kChains * kBlocks];
  for (std::size_t i = 0; i < count; i += kChains * kBlocks) {
    Counters counters[kChains] = {{stream, block + i}, {stream, block + i + kBlocks}};
    PhiloxKey round_key = key;
    for (int round = 0; round < 10; ++round) {
      for (Counters& chain : counters) chain.mix(round_key);
      round_key.k0 += 0x9E3779B9;
      round_key.k1 += 0xBB67AE85;
    }
    const bool is_whole = i + kChains * kBlocks <= count;
    std::uint32_t* out = is_whole ? words + 4 * i : rest;
    for (std::size_t c = 0; c < kChains; ++c) counters[c].put(out + 4 * c * kBlocks);
    if (!is_whole) __builtin_memcpy(words + 4 * i, rest, 16 * (count - i));
  }
}

}  // namespace
}  // namespace palimpsest
