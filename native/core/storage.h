#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "free_pages.h"

namespace palimpsest {

// Whose memory the bytes of a storage are: the allocator's, a mapped file's, or somebody else's who counts
// them.
enum class Memory { allocated, mapped, borrowed };

// A block of bytes with one owner count. Shapes and dtypes live in programs, never here.
class Storage {
 public:
  Storage(void* data, std::size_t bytes, std::function<void(Storage&)> release,
          Memory memory = Memory::allocated,
          std::uint64_t loan = 0)
      : data_(data), bytes_(bytes), release_(std::move(release)), memory_(memory), loan_(loan) {}
  ~Storage() { release_(*this); }
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  std::byte* data() const { return static_cast<std::byte*>(data_); }
  std::size_t bytes() const { return bytes_; }
  Memory memory() const { return origin().memory_; }
  // By which the lender of borrowed memory knows it.
  std::uint64_t loan() const { return loan_; }
  // The storage whose bytes these are: itself, unless it is a view.
  const Storage& origin() const { return origin_ ? *origin_ : *this; }

  // Some bytes of a storage, which live as long as the view does. Throws ERR_BUFFER unless they are inside.
  static std::shared_ptr<Storage> view(const std::shared_ptr<Storage>& whole, std::size_t offset,
                                       std::size_t bytes);

 private:
  Storage(void* data, std::size_t bytes, std::shared_ptr<const Storage> origin)
      : data_(data), bytes_(bytes), release_([](Storage&) {}), origin_(std::move(origin)) {}

  void* data_;
  std::size_t bytes_;
  std::function<void(Storage&)> release_;
  Memory memory_ = Memory::allocated;
  std::uint64_t loan_ = 0;
  std::shared_ptr<const Storage> origin_;
};

using StoragePtr = std::shared_ptr<Storage>;

struct MemoryCounters {
  std::size_t live_bytes;    // bytes of storages that somebody holds
  std::size_t peak_bytes;    // the largest live_bytes since the last reset
  std::size_t cached_bytes;  // freed blocks kept for the next request, and what blocks in use are larger than asked for
};

// Hands out 64-byte aligned storages and keeps freed memory for reuse: on virtual machines the page faults
// of fresh memory cost more than most kernels that write it. Small blocks are kept as they are, the pages of
// large ones as ranges that are cut anew. A storage keeps its allocator alive.
class Allocator : public std::enable_shared_from_this<Allocator> {
 public:
  ~Allocator();
  StoragePtr allocate(std::size_t bytes);
  // What a request takes: sizes are rounded, so that buffers of nearly equal size can take each other's
  // place.
  static std::size_t capacity_for(std::size_t bytes);
  MemoryCounters counters() const;
  void reset_peak();
  // Returns cached blocks to the system.
  void trim();
  // Live bytes beyond which `allocate` throws ERR_OUT_OF_MEMORY; 0 means no limit.
  void set_limit(std::size_t bytes);

 private:
  StoragePtr allocate_pages(std::size_t bytes, std::size_t counted);
  void release(void* data, std::size_t capacity, std::size_t counted);
  void release_pages(void* data, std::size_t bytes);
  void count_live(std::size_t bytes, std::size_t counted);

  mutable std::mutex mutex_;
  std::multimap<std::size_t, void*> cache_;  // capacity -> block of less than a huge page
  FreePages pages_;                          // of larger blocks
  std::size_t live_bytes_ = 0;
  std::size_t peak_bytes_ = 0;
  std::size_t cached_bytes_ = 0;
  std::size_t limit_ = 0;
};

}  // namespace palimpsest
