// permutation: the indices 0..n-1 in the order of their 64-bit random words, equal words in order of index.
// Unbiased up to the chance of two equal words, and the same for any number of threads.
#include <algorithm>
#include <limits>
#include <utility>

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

// The words are spread evenly, so a word says about where it belongs: the tickets are dealt out to buckets by
// the upper bits of their words, each bucket to bins by the bits below, and what is in a bin is sorted.
constexpr int kMostBucketBits = 12, kMostBinBits = 12;
constexpr std::size_t kTicketsPerBucket = 512;
constexpr std::size_t kIndicesPerChunk = std::size_t{1} << 16;
constexpr std::size_t kMostChunks = 64;  // each has a counter of its own for every bucket
constexpr std::size_t kFewTickets = 16;  // so many are sorted by insertion

// The smallest number of bits with 2^bits >= count, at most `most`.
int bits_for(std::size_t count, int most) {
  int bits = 0;
  while (bits < most && (std::size_t{1} << bits) < count) ++bits;
  return bits;
}

// `bits` bits of a word from place `first` on, counted from the top; no bits are 0.
std::size_t bits_of(std::uint64_t word, int first, int bits) {
  return bits == 0 ? 0 : static_cast<std::size_t>(word << first >> (64 - bits));
}

class Dealer {
 public:
  Dealer(const Call& call, PhiloxKey key, std::size_t n)
      : workers_(call.workers),
        key_(key),
        n_(n),
        bucket_bits_(bits_for(n / kTicketsPerBucket, kMostBucketBits)),
        buckets_(std::size_t{1} << bucket_bits_),
        chunk_(std::max(kIndicesPerChunk, (n + kMostChunks - 1) / kMostChunks)),
        chunks_((n + chunk_ - 1) / chunk_),
        tickets_storage_(call.scratch(checked_mul(n, sizeof(Ticket)))),
        starts_storage_(call.scratch((chunks_ + 1) * buckets_ * sizeof(std::size_t))),
        tickets_(reinterpret_cast<Ticket*>(tickets_storage_->data())),
        starts_(reinterpret_cast<std::size_t*>(starts_storage_->data())) {}

  // Puts the tickets of every bucket side by side, those of each chunk in order of index.
  void deal() const {
    workers_.parallel_for(chunks_, [&](std::size_t chunk) {
      std::size_t* counts = starts_ + chunk * buckets_;
      std::fill(counts, counts + buckets_, 0);
      for_each_word(chunk,
                    [&](std::uint64_t word, std::int32_t) { ++counts[bits_of(word, 0, bucket_bits_)]; });
    });
    std::size_t next = 0;
    for (std::size_t bucket = 0; bucket < buckets_; ++bucket) {
      for (std::size_t chunk = 0; chunk < chunks_; ++chunk) {
        std::size_t& start = starts_[chunk * buckets_ + bucket];
        const std::size_t count = start;
        start = next;
        next += count;
      }
      starts_[chunks_ * buckets_ + bucket] = next;
    }
    if (workers_.cancelled()) return;
    workers_.parallel_for(chunks_, [&](std::size_t chunk) {
      std::size_t* places = starts_ + chunk * buckets_;
      for_each_word(chunk, [&](std::uint64_t word, std::int32_t index) {
        tickets_[places[bits_of(word, 0, bucket_bits_)]++] = {word, index};
      });
    });
  }

  void sort(std::int32_t* out) const {
    if (workers_.cancelled()) return;
    const std::size_t* ends = starts_ + chunks_ * buckets_;
    workers_.parallel_for(buckets_, [&](std::size_t bucket) {
      const std::size_t begin = bucket == 0 ? 0 : ends[bucket - 1];
      sort_bucket(tickets_ + begin, ends[bucket] - begin, out + begin);
    });
  }

 private:
  // Calls f(word, index) for the indices of a chunk in order.
  template <typename F>
  void for_each_word(std::size_t chunk, F&& f) const {
    constexpr std::size_t kAtOnce = 512;
    const WordLoop next_words = random_words();
    const std::size_t end = std::min(n_, (chunk + 1) * chunk_);
    alignas(64) std::uint32_t words[2 * kAtOnce];
    for (std::size_t i = chunk * chunk_; i < end && !workers_.cancelled(); i += kAtOnce) {
      const std::size_t count = std::min(kAtOnce, end - i);
      next_words(key_, RandomStream::permutation, i / 2, (count + 1) / 2, words);
      for (std::size_t j = 0; j < count; ++j) f(word64(words, j), static_cast<std::int32_t>(i + j));
    }
  }

  // Deals the places of the tickets out to bins, sorts every bin, and then puts indices for places.
  void sort_bucket(const Ticket* tickets, std::size_t count, std::int32_t* places) const {
    std::uint32_t ends[std::size_t{1} << kMostBinBits];
    const int bits = bits_for(count, kMostBinBits);
    const std::size_t bins = std::size_t{1} << bits;
    std::fill(ends, ends + bins, 0);
    for (std::size_t i = 0; i < count; ++i) ++ends[bits_of(tickets[i].word, bucket_bits_, bits)];
    for (std::uint32_t bin = 0, next = 0; bin < bins; ++bin) next += std::exchange(ends[bin], next);
    for (std::size_t i = 0; i < count; ++i) {
      places[ends[bits_of(tickets[i].word, bucket_bits_, bits)]++] = static_cast<std::int32_t>(i);
    }
    for (std::size_t bin = 0; bin < bins; ++bin) {
      sort_bin(tickets, places + (bin == 0 ? 0 : ends[bin - 1]), places + ends[bin]);
    }
    for (std::size_t i = 0; i < count; ++i) places[i] = tickets[places[i]].index;
  }

  static void sort_bin(const Ticket* tickets, std::int32_t* begin, std::int32_t* end) {
    const auto precedes = [tickets](std::int32_t a, std::int32_t b) { return tickets[a] < tickets[b]; };
    if (static_cast<std::size_t>(end - begin) > kFewTickets) {
      std::sort(begin, end, precedes);
      return;
    }
    for (std::int32_t* next = begin + 1; next < end; ++next) {
      const std::int32_t place = *next;
      std::int32_t* hole = next;
      for (; hole > begin && precedes(place, hole[-1]); --hole) *hole = hole[-1];
      *hole = place;
    }
  }

  const Workers& workers_;
  PhiloxKey key_;
  std::size_t n_;
  int bucket_bits_;
  std::size_t buckets_, chunk_, chunks_;
  StoragePtr tickets_storage_, starts_storage_;
  Ticket* tickets_;
  // For each chunk and bucket where its next ticket goes; the last row is where the buckets end.
  std::size_t* starts_;
};

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
  if (y.size == 0) return;
  const Dealer dealer(call, key, static_cast<std::size_t>(y.size));
  dealer.deal();
  dealer.sort(out);
}

PALIMPSEST_KERNEL("permutation", permutation);

}  // namespace
}  // namespace palimpsest
