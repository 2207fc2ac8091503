#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <utility>

namespace palimpsest {

// Ranges of memory pages that were freed and are kept for the next request. A request cuts the smallest range that is
// large enough, neighbours grow together again whatever they were cut from, and any part can go back to the system: so
// a program that frees one large buffer can place ten smaller ones where it was, without a page fault.
class FreePages {
 public:
  // What ranges are multiples of.
  static constexpr std::size_t kUnit = std::size_t{64} << 10;

  // Fresh pages from the system, at a multiple of the size of a huge page; nullptr when it has none.
  static void* from_system(std::size_t bytes);

  // Pages out of a free range; nullptr when none is large enough.
  void* take(std::size_t bytes);
  void give(void* pages, std::size_t bytes);
  // Returns so many bytes to the system, or all there are, from the smallest ranges on.
  void trim(std::size_t bytes);
  std::size_t bytes() const { return bytes_; }

 private:
  using Range = std::pair<std::byte* const, std::size_t>;

  void insert(std::byte* begin, std::size_t bytes);
  void erase(std::map<std::byte*, std::size_t>::iterator range);

  std::map<std::byte*, std::size_t> by_address_;
  std::set<std::pair<std::size_t, std::byte*>> by_size_;
  std::size_t bytes_ = 0;
};

}  // namespace palimpsest
