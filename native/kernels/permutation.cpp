// permutation: the indices 0..n-1 in the order of their 64-bit random words, equal words in order of index.
// Unbiased up to the chance of two equal words, and the same for any number of threads.
#include <algorithm>
#include <array>
#include <limits>

#include "core/checked.h"
#include "core/kernel.h"
#include "kernels/random/words.h"

namespace palimpsest {
namespace {

struct Ticket {
  std::uint64_t word;
  std::int32_t index;

  bool operator<(const Ticket& other) const {
    return word != other.word ? word < other.word : index < other.index;
  }
};

constexpr std::size_t kBuckets = 256;  // by the upper 8 bits of the word

// Calls f(word, index) for all indices in order.
template <typename F>
void for_each_word(PhiloxKey key, std::size_t n, const Workers& workers, F&& f) {
  constexpr std::size_t kAtOnce = 512;
  const WordLoop next_words = random_words();
  alignas(64) std::uint32_t words[2 * kAtOnce];
  for (std::size_t i = 0; i < n && !workers.cancelled(); i += kAtOnce) {
    const std::size_t count = std::min(kAtOnce, n - i);
    next_words(key, RandomStream::permutation, i / 2, (count + 1) / 2, words);
    for (std::size_t j = 0; j < count; ++j) f(word64(words, j), static_cast<std::int32_t>(i + j));
  }
}

void permutation(const Call& call) {
  call.expect_counts(1, 1);
  call.expect(call.input(0).shape == Shape{2}, "a key must be [2]");
  call.expect(call.attributes().empty(), "no attributes expected");
  const View& y = call.output(0);
  call.expect(y.rank() == 1 && y.size <= std::numeric_limits<std::int32_t>::max(),
              "expected [n] with n below 2^31");
  const std::int32_t* words = call.input(0).as<std::int32_t>();
  const PhiloxKey key{static_cast<std::uint32_t>(words[0]), static_cast<std::uint32_t>(words[1])};
  std::int32_t* out = y.as<std::int32_t>();
  const std::size_t n = static_cast<std::size_t>(y.size);
  if (n == 0) return;

  // Few indices make one bucket, many are first dealt out to 256, which are then sorted side by side.
  const bool is_small = n < 4096;
  const auto bucket_of = [is_small](std::uint64_t word) {
    return is_small ? 0 : static_cast<std::size_t>(word >> 56);
  };
  std::array<std::size_t, kBuckets + 1> starts{};
  for_each_word(key, n, call.workers,
                [&](std::uint64_t word, std::int32_t) { ++starts[bucket_of(word) + 1]; });
  for (std::size_t b = 0; b < kBuckets; ++b) starts[b + 1] += starts[b];
  const StoragePtr scratch = call.scratch(checked_mul(n, sizeof(Ticket)));
  Ticket* tickets = reinterpret_cast<Ticket*>(scratch->data());
  std::array<std::size_t, kBuckets> next;
  std::copy(starts.begin(), starts.end() - 1, next.begin());
  if (!call.workers.cancelled()) {
    for_each_word(key, n, call.workers, [&](std::uint64_t word, std::int32_t index) {
      tickets[next[bucket_of(word)]++] = {word, index};
    });
  }
  call.workers.parallel_for(is_small ? 1 : kBuckets, [&](std::size_t b) {
    std::sort(tickets + starts[b], tickets + starts[b + 1]);
    for (std::size_t i = starts[b]; i < starts[b + 1]; ++i) out[i] = tickets[i].index;
  });
}

PALIMPSEST_KERNEL("permutation", permutation);

}  // namespace
}  // namespace palimpsest
