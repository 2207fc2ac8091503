// Random tensors from explicit keys. Element i depends on the key and i alone; core/philox.h documents the
// bit stream.
#include <algorithm>

#include "core/kernel.h"
#include "kernels/random/normal.h"
#include "kernels/random/words.h"

namespace palimpsest {
namespace {

constexpr std::size_t kWordsAtOnce = 1024;  // 4 KiB, well within the first cache
constexpr std::size_t kBatchesPerPiece = 32;

PhiloxKey key_of(const Call& call, std::size_t inputs = 1) {
  call.expect_counts(inputs, 1);
  call.expect(call.input(0).shape == Shape{2}, "a key must be [2]");
  call.expect(call.attributes().empty(), "no attributes expected");
  const std::int32_t* key = call.input(0).as<std::int32_t>();
  return {static_cast<std::uint32_t>(key[0]), static_cast<std::uint32_t>(key[1])};
}

// Fills a tensor from the words of a stream, one word per 4 bytes: convert(words, count, elements) turns the
// words of `count` elements into them, in steps of whole blocks.
template <typename T, typename Convert>
void fill(const Call& call, PhiloxKey key, RandomStream stream, const View& y, Convert&& convert) {
  constexpr std::size_t kWords = sizeof(T) / 4, kPerBlock = 4 / kWords, kAtOnce = kWordsAtOnce / kWords;
  T* out = y.as<T>();
  const WordLoop next_words = random_words();
  const std::size_t size = static_cast<std::size_t>(y.size);
  call.workers.parallel_range(size, kBatchesPerPiece * kAtOnce, [&](std::size_t begin, std::size_t end) {
    alignas(64) std::uint32_t words[kWordsAtOnce];
    alignas(64) T last[kAtOnce];
    for (std::size_t i = begin; i < end; i += kAtOnce) {
      const std::size_t count = std::min(kAtOnce, end - i);
      const std::size_t blocks = (count + kPerBlock - 1) / kPerBlock;
      next_words(key, stream, i / kPerBlock, blocks, words);
      const bool is_whole = count == blocks * kPerBlock;
      convert(words, blocks * kPerBlock, is_whole ? out + i : last);
      if (!is_whole) std::copy(last, last + count, out + i);
    }
  });
}

void copy_words(const std::uint32_t* words, std::size_t count, std::int32_t* out) {
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::int32_t>(words[i]);
}

void random_bits(const Call& call) {
  fill<std::int32_t>(call, key_of(call), RandomStream::draws, call.output(0), copy_words);
}

// The upper 24 bits of a 32-bit word, or the upper 53 bits of a 64-bit word, as a fraction in [0, 1).
void to_uniform(const std::uint32_t* words, std::size_t count, float* out) {
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = static_cast<float>(static_cast<std::int32_t>(words[i] >> 8)) * 0x1p-24f;
  }
}
void to_uniform(const std::uint32_t* words, std::size_t count, double* out) {
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<double>(word64(words, i) >> 11) * 0x1p-53;
}

void random_uniform(const Call& call) {
  const PhiloxKey key = key_of(call);
  dispatch_float(call.output(0).dtype, [&]<typename T>() {
    fill<T>(call, key, RandomStream::draws, call.output(0),
            [](const std::uint32_t* words, std::size_t count, T* out) { to_uniform(words, count, out); });
  });
}

// Elements 2j and 2j + 1 come from the words 2j and 2j + 1: 32-bit words for float32, 64-bit ones for
// float64.
void random_normal(const Call& call) {
  const PhiloxKey key = key_of(call);
  const NormalLoops& loops = normal_loops();
  dispatch_float(call.output(0).dtype, [&]<typename T>() {
    fill<T>(call, key, RandomStream::draws, call.output(0),
            [&](const std::uint32_t* words, std::size_t count, T* out) { loops(words, count / 2, out); });
  });
}

// Key j is the words 2j and 2j + 1 of the key's own stream, so that child keys have nothing to do with drawn
// values.
void split_key(const Call& call) {
  const PhiloxKey key = key_of(call);
  call.expect(call.output(0).rank() == 2 && call.output(0).dim(1) == 2, "keys must be [k, 2]");
  fill<std::int32_t>(call, key, RandomStream::keys, call.output(0), copy_words);
}

// Key number i is the first two words of block i of its own stream: what comes of one index is known without
// the others.
void fold_key(const Call& call) {
  const PhiloxKey key = key_of(call, 2);
  const View& index = call.input(1);
  const View& y = call.output(0);
  call.expect(index.size == 1, "one index expected");
  call.expect(y.shape == Shape{2}, "a key must be [2]");
  std::int32_t* out = y.as<std::int32_t>();
  const auto block = static_cast<std::uint32_t>(index.as<std::int32_t>()[0]);
  const auto words = random_block(key, RandomStream::folds, block);
  for (std::size_t i = 0; i < 2; ++i) out[i] = static_cast<std::int32_t>(words[i]);
}

PALIMPSEST_KERNEL("randomBits", random_bits);
PALIMPSEST_KERNEL("randomUniform", random_uniform);
PALIMPSEST_KERNEL("randomNormal", random_normal);
PALIMPSEST_KERNEL("splitKey", split_key);
PALIMPSEST_KERNEL("foldKey", fold_key);

}  // namespace
}  // namespace palimpsest
