// A chain of elementwise operations, run blockwise: what lies between inputs and outputs stays in cache.
#include "fused_plan.h"

namespace palimpsest {
namespace {

// Small programs work on the stack: even asking the engine for a cached buffer would take longer.
constexpr std::size_t kStackBytes = 16384;

void fused(const Call& call) {
  const FusedProgram program(call);
  if (call.output(0).size == 0) return;
  const FusedPlan plan(call, program);
  const auto size = static_cast<std::size_t>(call.output(0).size);
  call.workers.parallel_range(size, plan.piece(), [&](std::size_t begin, std::size_t end) {
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
