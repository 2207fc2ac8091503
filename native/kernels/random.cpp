// Random tensors from explicit keys. Element i depends on the key and i alone; core/philox.h documents the
// bit stream.
#include <algorithm>
#include <limits>

#include "core/kernel.h"
#include "kernels/pieces.h"
#include "kernels/random_normal.h"
#include "kernels/random_words.h"

namespace palimpsest {
namespace {

constexpr std::size_t kBlocksAtOnce = 256;  // of the stream: 4 KiB of words, well within the first cache

PhiloxKey key_of(const Call& call, std::size_t inputs = 1) {
  call.expect_counts(inputs, 1);
  call.expect(call.input(0).shape == Shape{2}, "a key must be [2]");
  call.expect(call.attributes().empty(), "no attributes expected");
  const std::int32_t* key = call.input(0).as<std::int32_t>();
  return {static_cast<std::uint32_t>(key[0]), static_cast<std::uint32_t>(key[1])};
}

// Fills `size` elements of which `per_block` come from one block of the stream: convert(words, elements, out)
// turns the words of whole blocks into elements.
template <typename T, std::size_t per_block, typename Convert>
void fill(const Call& call, PhiloxKey key, RandomStream stream, T* out, std::size_t size, Convert&& convert) {
  constexpr std::size_t kElementsAtOnce = kBlocksAtOnce * per_block;
  const std::size_t grain = 16 * kElementsAtOnce;
  call.workers.parallel_range(size, grain, [&](std::size_t begin, std::size_t end) {
    alignas(64) std::uint32_t words[4 * kBlocksAtOnce];
    alignas(64) T elements[kElementsAtOnce];
    for (std::size_t i = begin; i < end; i += kElementsAtOnce) {
      const std::size_t count = std::min(kElementsAtOnce, end - i);
      const std::size_t blocks = (count + per_block - 1) / per_block;
      random_words(key, stream, i / per_block, blocks, words);
      const bool is_whole = count == blocks * per_block;
      T* target = is_whole ? out + i : elements;
      convert(words, blocks * per_block, target);
      if (!is_whole) std::copy(elements, elements + count, out + i);
    }
  });
}

std::uint64_t word64(const std::uint32_t* words, std::size_t i) {
  return words[2 * i] | static_cast<std::uint64_t>(words[2 * i + 1]) << 32;
}

void random_bits(const Call& call) {
  const PhiloxKey key = key_of(call);
  const View& y = call.output(0);
  std::int32_t* out = y.as<std::int32_t>();
  fill<std::int32_t, 4>(call, key, RandomStream::draws, out, static_cast<std::size_t>(y.size),
                        [](const std::uint32_t* words, std::size_t count, std::int32_t* elements) {
                          for (std::size_t i = 0; i < count; ++i)
                            elements[i] = static_cast<std::int32_t>(words[i]);
                        });
}

// The upper 24 bits of a 32-bit word, or the upper 53 bits of a 64-bit word, as a fraction in [0, 1).
void uniform(const std::uint32_t* words, std::size_t count, float* out) {
  for (std::size_t i = 0; i < count; ++i)
    out[i] = static_cast<float>(static_cast<std::int32_t>(words[i] >> 8)) * 0x1p-24f;
}
void uniform(const std::uint32_t* words, std::size_t count, double* out) {
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<double>(word64(words, i) >> 11) * 0x1p-53;
}

// Elements 2j and 2j + 1 are a Box-Muller pair of the words 2j and 2j + 1: 32-bit words for float32, 64-bit
// ones for float64.
void normal(const std::uint32_t* words, std::size_t count, float* out) { box_muller(words, count / 2, out); }
void normal(const std::uint32_t* words, std::size_t count, double* out) {
  for (std::size_t i = 0; i < count; i += 2) {
    const std::uint64_t pair[2] = {word64(words, i), word64(words, i + 1)};
    box_muller(pair, 1, out + i);
  }
}

template <typename Convert>
void fill_float(const Call& call, Convert&& convert) {
  const PhiloxKey key = key_of(call);
  const View& y = call.output(0);
  dispatch_float(y.dtype, [&]<typename T>() {
    constexpr std::size_t kPerBlock = 16 / sizeof(T);
    fill<T, kPerBlock>(call, key, RandomStream::draws, y.as<T>(), static_cast<std::size_t>(y.size), convert);
  });
}

void random_uniform(const Call& call) {
  fill_float(call,
             [](const std::uint32_t* words, std::size_t count, auto* out) { uniform(words, count, out); });
}

void random_normal(const Call& call) {
  fill_float(call,
             [](const std::uint32_t* words, std::size_t count, auto* out) { normal(words, count, out); });
}

// Key j is the words 2j and 2j + 1 of the key's own stream, so that child keys have nothing to do with drawn
// values.
void split_key(const Call& call) {
  const PhiloxKey key = key_of(call);
  const View& y = call.output(0);
  call.expect(y.rank() == 2 && y.dim(1) == 2, "keys must be [k, 2]");
  std::int32_t* out = y.as<std::int32_t>();
  fill<std::int32_t, 4>(call, key, RandomStream::keys, out, static_cast<std::size_t>(y.size),
                        [](const std::uint32_t* words, std::size_t count, std::int32_t* elements) {
                          for (std::size_t i = 0; i < count; ++i)
                            elements[i] = static_cast<std::int32_t>(words[i]);
                        });
}

// Key number i is the first two words of block i of its own stream: what comes of one index is known without
// the others.
void fold_key(const Call& call) {
  const PhiloxKey key = key_of(call, 2);
  const View &index = call.input(1), &y = call.output(0);
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
