#include "storage.h"

#include <unistd.h>

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
constexpr bool kRoundsUp = false, kKeepsFreed = false;
#else
constexpr bool kRoundsUp = true, kKeepsFreed = true;
#endif
// What is kept at least, and else the part of the machine's memory that may be: one over so much.
constexpr std::size_t kLeastCache = std::size_t{1} << 30, kCachedPart = 4;

// A freed block is kept while the cache stays below this; beyond it the block goes back to the system. A training step of a
// large model frees as many bytes as it asks for: returned, they would cost more in page faults than its arithmetic.
std::size_t cache_limit() {
  static const std::size_t limit = [] {
    if (!kKeepsFreed) return std::size_t{0};
    const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGE_SIZE);
    if (pages <= 0 || size <= 0) return kLeastCache;
    return std::max(kLeastCache, static_cast<std::size_t>(pages) / kCachedPart * static_cast<std::size_t>(size));
  }();
  return limit;
}

std::size_t round_up(std::size_t bytes, std::size_t unit) {
  return checked_add(bytes, unit - 1) / unit * unit;
}

void* system_allocate(std::size_t capacity) {
  void* block = nullptr;
  return posix_memalign(&block, kAlignment, capacity) == 0 ? block : nullptr;
}

bool takes_pages(std::size_t capacity) { return kRoundsUp && capacity >= kHugePage; }

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
  return round_up(bytes, FreePages::kUnit);
}

Allocator::~Allocator() { trim(); }

void Allocator::count_live(std::size_t bytes, std::size_t counted) {
  if (limit_ != 0 && checked_add(live_bytes_, counted) > limit_) {
    throw Error("ERR_OUT_OF_MEMORY", "allocating " + std::to_string(bytes) + " bytes would exceed the limit of " +
                                         std::to_string(limit_) + " bytes (" + std::to_string(live_bytes_) + " in use)");
  }
  live_bytes_ += counted;
  peak_bytes_ = std::max(peak_bytes_, live_bytes_);
}

StoragePtr Allocator::allocate(std::size_t bytes) {
  const std::size_t counted = capacity_for(bytes);
  if (takes_pages(counted)) return allocate_pages(bytes, counted);
  std::size_t capacity = counted;
  void* block = nullptr;
  {
    std::lock_guard lock(mutex_);
    count_live(bytes, counted);
    // A block up to a quarter larger than asked for is close enough. Its rest stays counted as cached: what is live, and
    // where a limit is met, depends on what is asked for and not on the blocks that earlier work has left.
    const auto found = cache_.lower_bound(capacity);
    if (found != cache_.end() && found->first <= capacity + capacity / 4) {
      block = found->second;
      capacity = found->first;
      cached_bytes_ -= counted;
      cache_.erase(found);
    }
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

StoragePtr Allocator::allocate_pages(std::size_t bytes, std::size_t counted) {
  void* block = nullptr;
  {
    std::lock_guard lock(mutex_);
    count_live(bytes, counted);
    block = pages_.take(counted);
    // Pages that are free but nowhere together make room for fresh ones: the process holds no more than it needs.
    if (block == nullptr) pages_.trim(counted);
  }
  if (block == nullptr) block = FreePages::from_system(counted);
  if (block == nullptr) {
    trim();
    block = FreePages::from_system(counted);
  }
  if (block == nullptr) {
    std::lock_guard lock(mutex_);
    live_bytes_ -= counted;
    throw Error("ERR_OUT_OF_MEMORY", "the system refused " + std::to_string(bytes) + " bytes");
  }
  try {
    return std::make_shared<Storage>(block, bytes, [self = shared_from_this(), counted](Storage& storage) {
      self->release_pages(storage.data(), counted);
    });
  } catch (...) {
    release_pages(block, counted);
    throw;
  }
}

void Allocator::release(void* data, std::size_t capacity, std::size_t counted) {
  std::lock_guard lock(mutex_);
  live_bytes_ -= counted;
  cached_bytes_ += counted;
  if (cached_bytes_ + pages_.bytes() <= cache_limit()) {
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

void Allocator::release_pages(void* data, std::size_t bytes) {
  std::lock_guard lock(mutex_);
  live_bytes_ -= bytes;
  pages_.give(data, bytes);
  if (cached_bytes_ + pages_.bytes() > cache_limit()) pages_.trim(bytes);
}

MemoryCounters Allocator::counters() const {
  std::lock_guard lock(mutex_);
  return {live_bytes_, peak_bytes_, cached_bytes_ + pages_.bytes()};
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
  pages_.trim(pages_.bytes());
}

void Allocator::set_limit(std::size_t bytes) {
  std::lock_guard lock(mutex_);
  limit_ = bytes;
}

}  // namespace palimpsest
