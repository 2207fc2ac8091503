#include "storage.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <string>

#include "checked.h"

namespace palimpsest {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;
#ifdef __SANITIZE_ADDRESS__
// The sanitizer knows the bounds of blocks as the system gives them: neither rounded up nor kept for reuse.
constexpr bool kRoundsUp = false;
constexpr std::size_t kCacheLimit = 0;
#else
constexpr bool kRoundsUp = true;
// A freed block is kept while the cache stays below this; beyond it the block goes back to the system.
constexpr std::size_t kCacheLimit = std::size_t{1} << 30;
#endif

std::size_t round_up(std::size_t bytes, std::size_t unit) {
  return checked_add(bytes, unit - 1) / unit * unit;
}

void* system_allocate(std::size_t capacity) {
  const bool large = capacity >= kHugePage;
  void* block = nullptr;
  if (posix_memalign(&block, large ? kHugePage : kAlignment, capacity) != 0) return nullptr;
  if (large) madvise(block, capacity, MADV_HUGEPAGE);
  return block;
}

}  // namespace

StoragePtr Storage::view(const StoragePtr& whole, std::size_t offset, std::size_t bytes) {
  if (offset > whole->bytes() || bytes > whole->bytes() - offset) {
    throw Error("ERR_BUFFER", std::to_string(bytes) + " bytes asked for at offset " + std::to_string(offset) +
                                  " of a buffer of " + std::to_string(whole->bytes()));
  }
  std::shared_ptr<const Storage> origin = whole->origin_ ? whole->origin_ : whole;
  return StoragePtr(new Storage(whole->data() + offset, bytes, std::move(origin)));
}

std::size_t Allocator::capacity_for(std::size_t bytes) {
  if (!kRoundsUp) return std::max<std::size_t>(bytes, 1);
  if (bytes <= 4096) return round_up(std::max<std::size_t>(bytes, 1), kAlignment);
  if (bytes < kHugePage) return round_up(bytes, 4096);
  return round_up(bytes, kHugePage);
}

Allocator::~Allocator() { trim(); }

StoragePtr Allocator::allocate(std::size_t bytes) {
  const std::size_t counted = capacity_for(bytes);
  std::size_t capacity = counted;
  void* block = nullptr;
  {
    std::lock_guard lock(mutex_);
    if (limit_ != 0 && checked_add(live_bytes_, counted) > limit_) {
      throw Error("ERR_OUT_OF_MEMORY", "allocating " + std::to_string(bytes) + " bytes would exceed the limit of " +
                                           std::to_string(limit_) + " bytes (" + std::to_string(live_bytes_) + " in use)");
    }
    // A block up to a quarter larger than asked for is close enough. Its rest stays counted as cached: what is live, and
    // where a limit is met, depends on what is asked for and not on the blocks that earlier work has left.
    const auto found = cache_.lower_bound(capacity);
    if (found != cache_.end() && found->first <= capacity + capacity / 4) {
      block = found->second;
      capacity = found->first;
      cached_bytes_ -= counted;
      cache_.erase(found);
    }
    live_bytes_ += counted;
    peak_bytes_ = std::max(peak_bytes_, live_bytes_);
  }
  if (block == nullptr) block = system_allocate(capacity);
  if (block == nullptr) {
    trim();
    block = system_allocate(capacity);
  }
  if (block == nullptr) {
    std::lock_guard lock(mutex_);
    live_bytes_ -= counted;
    throw Error("ERR_OUT_OF_MEMORY", "the system refused " + std::to_string(bytes) + " bytes");
  }
  try {
    return std::make_shared<Storage>(block, bytes, [self = shared_from_this(), capacity, counted](Storage& storage) {
      self->release(storage.data(), capacity, counted);
    });
  } catch (...) {
    release(block, capacity, counted);
    throw;
  }
}

void Allocator::release(void* data, std::size_t capacity, std::size_t counted) {
  std::lock_guard lock(mutex_);
  live_bytes_ -= counted;
  cached_bytes_ += counted;
  if (cached_bytes_ <= kCacheLimit) {
    try {
      cache_.emplace(capacity, data);
      return;
    } catch (const std::bad_alloc&) {
      // No memory to remember it by.
    }
  }
  cached_bytes_ -= capacity;
  std::free(data);
}

MemoryCounters Allocator::counters() const {
  std::lock_guard lock(mutex_);
  return {live_bytes_, peak_bytes_, cached_bytes_};
}

void Allocator::reset_peak() {
  std::lock_guard lock(mutex_);
  peak_bytes_ = live_bytes_;
}

void Allocator::trim() {
  std::lock_guard lock(mutex_);
  for (const auto& [capacity, block] : cache_) {
    cached_bytes_ -= capacity;
    std::free(block);
  }
  cache_.clear();
}

void Allocator::set_limit(std::size_t bytes) {
  std::lock_guard lock(mutex_);
  limit_ = bytes;
}

}  // namespace palimpsest
