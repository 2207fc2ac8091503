#include "fused_plan.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

#include "core/checked.h"
#include "operations.h"

namespace palimpsest {
namespace {

constexpr std::size_t kAtEnd = std::numeric_limits<std::size_t>::max();
constexpr std::size_t kNumbersPerStep = 6;
constexpr std::size_t kAlignment = 64;
// A block's buffer: small enough that a dozen of them stay in the first-level cache.
constexpr std::size_t kBlockBytes = 4096;
// Element steps in a piece of parallel work, and the most elements.
constexpr std::size_t kPieceWork = std::size_t{1} << 18;
constexpr std::size_t kPieceElements = std::size_t{1} << 16;

std::size_t round_up(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

[[noreturn]] void wrong_dtype(std::size_t step, const char* operation, const std::string& what) {
  throw Error("ERR_DTYPE", "fused: step " + std::to_string(step) + " (" + operation + "): " + what);
}

bool overlap(const View& a, const View& b) {
  if (a.size == 0 || b.size == 0) return false;
  const std::byte* a_end = a.data + static_cast<std::size_t>(a.size) * size_of(a.dtype);
  const std::byte* b_end = b.data + static_cast<std::size_t>(b.size) * size_of(b.dtype);
  return a.data < b_end && b.data < a_end;
}

bool coincide(const View& a, const View& b) {
  return a.data == b.data && a.size == b.size && size_of(a.dtype) == size_of(b.dtype);
}

}  // namespace

FusedPlan::FusedPlan(const Call& call) : inputs_(call.input_count()) {
  call.expect(call.output_count() > 0, "at least one output expected");
  call.expect(call.output(0).shape.size() <= Stream::kMaxRank, "the rank is too high");
  for (std::size_t k = 1; k < call.output_count(); ++k) {
    call.expect(call.output(k).shape == call.output(0).shape, "all outputs must have one shape");
  }
  size_ = static_cast<std::size_t>(call.output(0).size);
  const std::size_t attributes = call.attributes().size();
  const auto most = static_cast<std::int64_t>(attributes / kNumbersPerStep);
  const auto steps = static_cast<std::size_t>(call.integer(0, 0, most));
  call.expect(attributes == 1 + steps * kNumbersPerStep + call.output_count(), "wrong number of attributes");
  registers_.reserve(inputs_ + steps);
  steps_.reserve(steps);
  read_inputs(call);
  for (std::size_t step = 0; step < steps; ++step) read_step(call, step);
  read_outputs(call);
  if (size_ == 0) return;
  place_outputs(call);
  mark_invariants();
  place_buffers();
}

void FusedPlan::read_inputs(const Call& call) {
  const Shape& loop = call.output(0).shape;
  streams_.reserve(inputs_);
  for (std::size_t i = 0; i < inputs_; ++i) {
    const View& input = call.input(i);
    call.expect(Stream::fits(input, loop), "an input does not broadcast to the output");
    registers_.push_back({input.dtype, 0});
    if (size_ > 0) streams_.emplace_back(input, loop);
  }
}

void FusedPlan::read_step(const Call& call, std::size_t step) {
  const std::size_t at = 1 + step * kNumbersPerStep;
  const auto code =
      static_cast<std::size_t>(call.integer(at, 0, static_cast<std::int64_t>(operations().size()) - 1));
  const Operation& operation = operations()[code];
  const auto result = static_cast<DType>(call.integer(at + 1, 0, kDTypeCount - 1));
  const auto self = static_cast<std::int64_t>(registers_.size());
  std::size_t operand[3];
  DType dtype[3];
  for (int i = 0; i < 3; ++i) {
    const bool is_used = i < operation.arity;
    const auto reg =
        call.integer(at + 2 + static_cast<std::size_t>(i), is_used ? 0 : -1, is_used ? self - 1 : -1);
    operand[i] = is_used ? static_cast<std::size_t>(reg) : kAtEnd;
    if (is_used) dtype[i] = registers_[operand[i]].dtype;
  }
  const double immediate = call.attribute(at + 5);
  if (operation.rule == Rule::cast) {
    const auto from = static_cast<std::size_t>(dtype[0]);
    return append_step(loops().casts[from][static_cast<std::size_t>(result)], result, operand, immediate);
  }
  const int first = operation.rule == Rule::choose ? 1 : 0;
  const DType element = operation.rule == Rule::fill ? result : dtype[first];
  for (int i = first; i < operation.arity; ++i) {
    if (dtype[i] != element) {
      wrong_dtype(step, operation.name,
                  std::string("operands are ") + name_of(element) + " and " + name_of(dtype[i]));
    }
  }
  if (first == 1 && dtype[0] != DType::boolean) {
    wrong_dtype(step, operation.name,
                std::string("the condition is ") + name_of(dtype[0]) + ", expected bool");
  }
  const DType expected = operation.rule == Rule::compare ? DType::boolean : element;
  if (result != expected) {
    wrong_dtype(step, operation.name,
                std::string("the result is ") + name_of(expected) + ", not " + name_of(result));
  }
  const Loop loop = loops().operations[code][static_cast<std::size_t>(element)];
  if (loop == nullptr) wrong_dtype(step, operation.name, std::string("not defined for ") + name_of(element));
  append_step(loop, result, operand, immediate);
}

void FusedPlan::append_step(Loop loop, DType dtype, const std::size_t (&operand)[3], double immediate) {
  const std::size_t self = steps_.size();
  for (const std::size_t reg : operand) {
    if (reg != kAtEnd) registers_[reg].last_use = std::max(registers_[reg].last_use, self);
  }
  registers_.push_back({dtype, self});
  steps_.push_back({loop, {operand[0], operand[1], operand[2]}, immediate});
}

// An output that names an input, or a result that another output has already, gets a copying step of its own:
// so every output is the result of one step, and whether it may be written at once is a question of the order
// of steps alone.
void FusedPlan::read_outputs(const Call& call) {
  const std::size_t first_attribute = call.attributes().size() - call.output_count();
  for (std::size_t k = 0; k < call.output_count(); ++k) {
    const View& output = call.output(k);
    const auto last = static_cast<std::int64_t>(inputs_ + (first_attribute - 1) / kNumbersPerStep) - 1;
    auto source = static_cast<std::size_t>(call.integer(first_attribute + k, 0, last));
    const DType dtype = registers_[source].dtype;
    if (dtype != output.dtype) {
      throw Error("ERR_DTYPE", std::string("fused: output ") + std::to_string(k) + " is " +
                                   name_of(output.dtype) + ", its register holds " + name_of(dtype));
    }
    bool is_taken = source < inputs_;
    for (const Output& other : outputs_) is_taken = is_taken || other.source == source;
    if (is_taken) {
      const auto code = static_cast<std::size_t>(dtype);
      append_step(loops().casts[code][code], dtype, {source, kAtEnd, kAtEnd}, 0.0);
      source = registers_.size() - 1;
    }
    outputs_.push_back({output.data, size_of(dtype), source, false});
  }
}

// An output that lies on an input is written by its step only when no later step reads that input.
void FusedPlan::place_outputs(const Call& call) {
  for (std::size_t k = 0; k < outputs_.size(); ++k) {
    Output& output = outputs_[k];
    const std::size_t step = output.source - inputs_;
    output.is_direct = true;
    for (std::size_t i = 0; i < inputs_; ++i) {
      if (!overlap(call.input(i), call.output(k))) continue;
      call.expect(coincide(call.input(i), call.output(k)),
                  "an output overlaps an input without being exactly it");
      output.is_direct = output.is_direct && registers_[i].last_use <= step;
    }
    if (!output.is_direct) registers_[output.source].last_use = kAtEnd;
  }
}

bool FusedPlan::is_direct(std::size_t reg) const {
  for (const Output& output : outputs_) {
    if (output.source == reg) return output.is_direct;
  }
  return false;
}

// A step without varying operands is worked out once a piece, unless its place is in an output and so moves.
void FusedPlan::mark_invariants() {
  for (std::size_t s = 0; s < steps_.size(); ++s) {
    steps_[s].is_invariant = !is_direct(inputs_ + s);
    for (const std::size_t reg : steps_[s].operand) {
      if (reg == kAtEnd) continue;
      const bool is_fixed = reg < inputs_ ? streams_[reg].is_constant() : steps_[reg - inputs_].is_invariant;
      steps_[s].is_invariant = steps_[s].is_invariant && is_fixed;
    }
  }
}

// Gives every step a buffer, reusing those whose content nobody reads any more.
void FusedPlan::place_buffers() {
  std::size_t element = 1;
  for (const Register& reg : registers_) element = std::max(element, size_of(reg.dtype));
  block_ = std::min(kBlockBytes / std::max<std::size_t>(element, 4), round_up(size_));
  const std::size_t work =
      std::clamp(kPieceWork / std::max<std::size_t>(steps_.size(), 1), kBlockBytes, kPieceElements);
  piece_ = work / block_ * block_;
  const auto reserve = [this](std::size_t bytes) {
    const std::size_t offset = scratch_bytes_;
    scratch_bytes_ = checked_add(scratch_bytes_, round_up(bytes));
    return offset;
  };
  for (std::size_t i = 0; i < inputs_; ++i) {
    stream_buffer_.push_back(reserve(streams_[i].buffer_elements(block_) * size_of(registers_[i].dtype)));
  }
  std::vector<std::size_t> free;
  for (std::size_t s = 0; s < steps_.size(); ++s) {
    Step& step = steps_[s];
    const auto release = [&](std::size_t reg) {
      if (reg == kAtEnd || reg < inputs_ || registers_[reg].last_use != s || is_direct(reg)) return;
      if (!steps_[reg - inputs_].is_invariant) free.push_back(steps_[reg - inputs_].buffer);
      registers_[reg].last_use = kAtEnd;  // an operand named twice is released once
    };
    if (!is_direct(inputs_ + s)) {
      if (free.empty() || step.is_invariant) {
        step.buffer = reserve(block_ * element + 128);
      } else {
        step.buffer = free.back();
        free.pop_back();
      }
    }
    for (const std::size_t reg : step.operand) release(reg);
    release(inputs_ + s);
    for (std::size_t& reg : step.operand) {
      if (reg == kAtEnd) reg = registers_.size();
    }
  }
}

void FusedPlan::run_piece(std::size_t begin, std::size_t end, std::byte* scratch) const {
  std::vector<std::byte*> at(registers_.size() + 1, nullptr);
  const auto run = [&](std::size_t s, std::size_t n) {
    const Step& step = steps_[s];
    step.loop(n, at[inputs_ + s], at[step.operand[0]], at[step.operand[1]], at[step.operand[2]],
              step.immediate);
  };
  const auto stretch = [&](std::size_t i, std::size_t first, std::size_t n) {
    at[i] = const_cast<std::byte*>(streams_[i].stretch(first, n, scratch + stream_buffer_[i]));
  };
  for (std::size_t i = 0; i < inputs_; ++i) {
    streams_[i].prepare(block_, scratch + stream_buffer_[i]);
    if (streams_[i].is_constant()) stretch(i, 0, block_);
  }
  for (std::size_t s = 0; s < steps_.size(); ++s) {
    at[inputs_ + s] = scratch + steps_[s].buffer;
    if (steps_[s].is_invariant) run(s, std::min(block_, size_));
  }
  for (std::size_t first = begin; first < end; first += block_) {
    const std::size_t n = std::min(block_, end - first);
    for (std::size_t i = 0; i < inputs_; ++i) stretch(i, first, n);
    for (const Output& output : outputs_) {
      if (output.is_direct) at[output.source] = output.data + first * output.element;
    }
    for (std::size_t s = 0; s < steps_.size(); ++s) {
      if (!steps_[s].is_invariant) run(s, n);
    }
    for (const Output& output : outputs_) {
      if (!output.is_direct)
        std::memcpy(output.data + first * output.element, at[output.source], n * output.element);
    }
  }
}

}  // namespace palimpsest
