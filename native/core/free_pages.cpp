#include "free_pages.h"

#include <sys/mman.h>

#include <cstdint>
#include <iterator>

namespace palimpsest {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

}  // namespace

void* FreePages::from_system(std::size_t bytes) {
  const std::size_t mapped = bytes + kHugePage;
  if (mapped < bytes) return nullptr;
  void* const map = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED) return nullptr;
  std::byte* const begin = static_cast<std::byte*>(map);
  const std::size_t before = (kHugePage - reinterpret_cast<std::uintptr_t>(begin) % kHugePage) % kHugePage;
  if (before > 0) munmap(begin, before);
  if (before < kHugePage) munmap(begin + before + bytes, kHugePage - before);
  madvise(begin + before, bytes, MADV_HUGEPAGE);
  return begin + before;
}

void* FreePages::take(std::size_t bytes) {
  const auto found = by_size_.lower_bound({bytes, nullptr});
  if (found == by_size_.end()) return nullptr;
  const auto [size, begin] = *found;
  erase(by_address_.find(begin));
  if (size > bytes) insert(begin + bytes, size - bytes);
  return begin;
}

void FreePages::give(void* pages, std::size_t bytes) {
  std::byte* begin = static_cast<std::byte*>(pages);
  const auto after = by_address_.find(begin + bytes);
  if (after != by_address_.end()) {
    bytes += after->second;
    erase(after);
  }
  const auto next = by_address_.lower_bound(begin);
  if (next != by_address_.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == begin) {
      begin = before->first;
      bytes += before->second;
      erase(before);
    }
  }
  insert(begin, bytes);
}

void FreePages::trim(std::size_t bytes) {
  while (bytes > 0 && !by_size_.empty()) {
    const auto [size, begin] = *by_size_.begin();
    const std::size_t part = size < bytes ? size : bytes;
    erase(by_address_.find(begin));
    if (part < size) insert(begin + part, size - part);
    munmap(begin, part);
    bytes -= part;
  }
}

void FreePages::insert(std::byte* begin, std::size_t bytes) {
  by_address_.emplace(begin, bytes);
  by_size_.emplace(bytes, begin);
  bytes_ += bytes;
}

void FreePages::erase(std::map<std::byte*, std::size_t>::iterator range) {
  by_size_.erase({range->second, range->first});
  bytes_ -= range->second;
  by_address_.erase(range);
}

}  // namespace palimpsest
