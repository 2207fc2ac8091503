// A chain of elementwise operations, run blockwise so that everything between the inputs and the outputs
// stays in cache.
#include <algorithm>

#include "fused_plan.h"

namespace palimpsest {
namespace {

// Small programs work on the stack: for small tensors even the engine's cache of buffers would take longer
// than the work.
constexpr std::size_t kStackBytes = 16384;

void fused(const Call& call) {
  const FusedPlan plan(call);
  if (plan.size() == 0) return;
  call.workers.parallel_range(plan.size(), plan.piece(), [&](std::size_t begin, std::size_t end) {
    if (plan.scratch_bytes() <= kStackBytes) {
      alignas(64) std::byte scratch[kStackBytes];
      plan.run_piece(begin, end, scratch);
    } else {
      const StoragePtr scratch = call.scratch(plan.scratch_bytes());
      plan.run_piece(begin, end, scratch->data());
    }
  });
}

PALIMPSEST_KERNEL("fused", fused);

}  // namespace
}  // namespace palimpsest
