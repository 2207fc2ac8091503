#include "fused_plan.h"

#include <algorithm>
#include <cstring>

#include "core/checked.h"

namespace palimpsest {
namespace {

constexpr std::size_t kNoRegister = FusedProgram::kNoRegister;
constexpr std::size_t kAlignment = 64;
// A block's buffer: small enough that a dozen of them stay in the first-level cache.
constexpr std::size_t kBlockBytes = 4096;
// Buffers lie this much further apart than a block: addresses a multiple of 4096 apart hinder each other.
constexpr std::size_t kGap = 128;
// Element steps in a piece of parallel work, and the least and most elements.
constexpr std::size_t kPieceWork = std::size_t{1} << 18;
constexpr std::size_t kLeastPiece = std::size_t{1} << 12;
constexpr std::size_t kLargestPiece = std::size_t{1} << 16;

std::size_t round_up(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

std::size_t bytes_of(const View& view) { return static_cast<std::size_t>(view.size) * size_of(view.dtype); }

bool overlap(const View& a, const View& b) {
  return a.size > 0 && a.data < b.data + bytes_of(b) && b.data < a.data + bytes_of(a);
}

bool coincide(const View& a, const View& b) {
  return a.data == b.data && a.size == b.size && size_of(a.dtype) == size_of(b.dtype);
}

}  // namespace

FusedPlan::FusedPlan(const Call& call, const FusedProgram& program)
    : program_(program),
      size_(static_cast<std::size_t>(call.output(0).size)),
      results_(program.steps.size()) {
  element_ = 4;
  for (const DType dtype : program.registers) element_ = std::max(element_, size_of(dtype));
  block_ = std::min(kBlockBytes / element_, round_up(size_));
  const std::size_t steps = std::max<std::size_t>(program.steps.size(), 1);
  piece_ = std::clamp(kPieceWork / steps, kLeastPiece, kLargestPiece) / block_ * block_;
  streams_.reserve(program.inputs);
  for (std::size_t i = 0; i < program.inputs; ++i) {
    streams_.emplace_back(call.input(i), call.output(0).shape);
    stream_buffer_.push_back(reserve(streams_[i].buffer_elements(block_) * size_of(program.registers[i])));
  }
  note_uses();
  place_outputs(call);
  mark_invariants();
  place_results();
}

std::size_t FusedPlan::reserve(std::size_t bytes) {
  const std::size_t offset = scratch_bytes_;
  scratch_bytes_ = checked_add(scratch_bytes_, round_up(bytes));
  return offset;
}

void FusedPlan::note_uses() {
  input_last_use_.assign(program_.inputs, 0);
  for (std::size_t s = 0; s < results_.size(); ++s) {
    results_[s].last_use = s;
    for (const std::size_t reg : program_.steps[s].operand) {
      if (reg == kNoRegister) continue;
      (reg < program_.inputs ? input_last_use_[reg] : results_[reg - program_.inputs].last_use) = s;
    }
  }
}

// An output that lies on an input is written by its step only when no later step reads that input.
void FusedPlan::place_outputs(const Call& call) {
  for (std::size_t k = 0; k < program_.outputs.size(); ++k) {
    const View& output = call.output(k);
    const std::size_t step = program_.outputs[k] - program_.inputs;
    bool is_direct = true;
    for (std::size_t i = 0; i < program_.inputs; ++i) {
      if (!overlap(call.input(i), output)) continue;
      call.expect(coincide(call.input(i), output), "an output overlaps an input without being exactly it");
      is_direct = is_direct && input_last_use_[i] <= step;
    }
    results_[step].output = output.data;
    results_[step].is_direct = is_direct;
  }
}

// A step without varying operands is worked out once a piece, unless its place is in an output and so moves.
void FusedPlan::mark_invariants() {
  for (std::size_t s = 0; s < results_.size(); ++s) {
    results_[s].is_invariant = !results_[s].is_direct;
    for (const std::size_t reg : program_.steps[s].operand) {
      if (reg == kNoRegister) continue;
      const bool is_fixed =
          reg < program_.inputs ? streams_[reg].is_constant() : results_[reg - program_.inputs].is_invariant;
      results_[s].is_invariant = results_[s].is_invariant && is_fixed;
    }
  }
}

// Gives every result a buffer, reusing those whose content nobody reads any more.
void FusedPlan::place_results() {
  std::vector<std::size_t> free;
  for (std::size_t s = 0; s < results_.size(); ++s) {
    Result& result = results_[s];
    if (!result.is_direct) {
      if (free.empty() || result.is_invariant) {
        result.buffer = reserve(block_ * element_ + kGap);
      } else {
        result.buffer = free.back();
        free.pop_back();
      }
    }
    const auto release = [&](std::size_t step) {
      Result& done = results_[step];
      if (done.last_use != s || done.is_invariant || done.output != nullptr) return;
      free.push_back(done.buffer);
      done.last_use = kNoRegister;  // an operand named twice is released once
    };
    for (const std::size_t reg : program_.steps[s].operand) {
      if (reg != kNoRegister && reg >= program_.inputs) release(reg - program_.inputs);
    }
    release(s);
  }
}

void FusedPlan::run_step(std::size_t step, std::size_t n, std::byte* const* at) const {
  const auto& [loop, operand, immediate] = program_.steps[step];
  const auto place = [&](std::size_t reg) { return reg == kNoRegister ? nullptr : at[reg]; };
  loop(n, at[program_.inputs + step], place(operand[0]), place(operand[1]), place(operand[2]), immediate);
}

void FusedPlan::run_block(std::size_t begin, std::size_t n, std::byte* scratch, std::byte** at) const {
  for (std::size_t i = 0; i < program_.inputs; ++i) {
    // Loops read their operands only; they take plain pointers because results are operands too.
    at[i] = const_cast<std::byte*>(streams_[i].stretch(begin, n, scratch + stream_buffer_[i]));
  }
  for (std::size_t s = 0; s < results_.size(); ++s) {
    const std::size_t reg = program_.inputs + s;
    if (results_[s].is_invariant) continue;
    if (results_[s].is_direct) at[reg] = results_[s].output + begin * size_of(program_.registers[reg]);
    run_step(s, n, at);
  }
  for (const std::size_t reg : program_.outputs) {
    const Result& result = results_[reg - program_.inputs];
    const std::size_t element = size_of(program_.registers[reg]);
    if (!result.is_direct) std::memcpy(result.output + begin * element, at[reg], n * element);
  }
}

void FusedPlan::run_piece(std::size_t begin, std::size_t end, std::byte* scratch) const {
  std::vector<std::byte*> at(program_.registers.size());
  const std::size_t largest = std::min(block_, size_);
  for (std::size_t i = 0; i < program_.inputs; ++i) {
    streams_[i].prepare(block_, scratch + stream_buffer_[i]);
    if (streams_[i].is_constant()) at[i] = scratch + stream_buffer_[i];
  }
  for (std::size_t s = 0; s < results_.size(); ++s) {
    at[program_.inputs + s] = scratch + results_[s].buffer;
    if (results_[s].is_invariant) run_step(s, largest, at.data());
  }
  for (std::size_t first = begin; first < end; first += block_) {
    run_block(first, std::min(block_, end - first), scratch, at.data());
  }
}

}  // namespace palimpsest
