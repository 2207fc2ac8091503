// Pages that are kept between requests: cut, grown together, and returned in parts.
#include <cstring>

#include "core/free_pages.h"
#include "core/storage.h"
#include "support/check.h"

namespace palimpsest::test {
namespace {

constexpr std::size_t kUnit = FreePages::kUnit;

TEST("a free range is cut for smaller requests and grows together again") {
  FreePages pages;
  auto* const whole = static_cast<std::byte*>(FreePages::from_system(64 * kUnit));
  std::memset(whole, 1, 64 * kUnit);
  pages.give(whole, 64 * kUnit);
  auto* const a = static_cast<std::byte*>(pages.take(16 * kUnit));
  auto* const b = static_cast<std::byte*>(pages.take(8 * kUnit));
  auto* const c = static_cast<std::byte*>(pages.take(40 * kUnit));
  check_equal(a - whole, std::ptrdiff_t{0}, "the first part");
  check_equal(b - a, static_cast<std::ptrdiff_t>(16 * kUnit), "the second part");
  check_equal(pages.bytes(), std::size_t{0}, "what is left");
  check(pages.take(kUnit) == nullptr, "nothing is left to take");
  pages.give(c, 40 * kUnit);
  pages.give(a, 16 * kUnit);
  check(pages.take(41 * kUnit) == nullptr, "two ranges with a gap are no larger one");
  pages.give(b, 8 * kUnit);
  check(pages.take(64 * kUnit) == whole, "the parts are whole again");
  pages.give(whole, 64 * kUnit);
  pages.trim(pages.bytes());
}

TEST("the smallest range that is large enough is cut") {
  FreePages pages;
  auto* const whole = static_cast<std::byte*>(FreePages::from_system(40 * kUnit));
  pages.give(whole + 30 * kUnit, 5 * kUnit);
  pages.give(whole, 20 * kUnit);
  check(pages.take(4 * kUnit) == whole + 30 * kUnit, "the smaller one");
  check(pages.take(6 * kUnit) == whole, "the larger one");
}

TEST("any part goes back to the system, the smallest ranges first") {
  FreePages pages;
  auto* const whole = static_cast<std::byte*>(FreePages::from_system(40 * kUnit));
  pages.give(whole, 10 * kUnit);
  pages.give(whole + 20 * kUnit, 5 * kUnit);
  pages.trim(8 * kUnit);
  check_equal(pages.bytes(), 7 * kUnit, "what is kept");
  auto* const kept = static_cast<std::byte*>(pages.take(7 * kUnit));
  check_equal(kept - whole, static_cast<std::ptrdiff_t>(3 * kUnit), "where it is");
  std::memset(kept, 2, 7 * kUnit);
  pages.trim(kUnit);
  check_equal(pages.bytes(), std::size_t{0}, "nothing is left");
}

#ifndef __SANITIZE_ADDRESS__
TEST("an allocator gives the bytes of one large storage to several smaller ones") {
  const auto allocator = std::make_shared<Allocator>();
  const std::size_t bytes = 256 * kUnit;
  std::byte* begin = nullptr;
  {
    const StoragePtr large = allocator->allocate(bytes);
    begin = large->data();
    std::memset(begin, 3, bytes);
  }
  check_equal(allocator->counters().cached_bytes, bytes, "kept");
  const StoragePtr first = allocator->allocate(bytes / 4), second = allocator->allocate(bytes / 2);
  check(first->data() == begin && second->data() == begin + bytes / 4, "cut from what was kept");
  check_equal(allocator->counters().live_bytes, bytes / 4 * 3, "live");
  check_equal(allocator->counters().cached_bytes, bytes / 4, "the rest");
  allocator->trim();
  check_equal(allocator->counters().cached_bytes, std::size_t{0}, "trimmed");
  check_equal(static_cast<int>(second->data()[bytes / 2 - 1]), 3, "what is in use stays");
}
#endif

}  // namespace
}  // namespace palimpsest::test
