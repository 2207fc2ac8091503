#include "fused_program.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "kernels/elementwise/operations.h"
#include "kernels/elementwise/stream.h"

namespace palimpsest {
namespace {

constexpr std::size_t kNumbersPerStep = 6;

// Checks the dtypes of a step against its operation's rule, and finds the loop.
class StepCheck {
 public:
  StepCheck(const Operation& operation, std::size_t step) : operation_(operation), step_(step) {}

  Loop loop(std::size_t code, const DType* operands, DType result) const {
    if (operation_.rule == Rule::cast) {
      return loops().casts[static_cast<std::size_t>(operands[0])][static_cast<std::size_t>(result)];
    }
    const int first = operation_.rule == Rule::choose ? 1 : 0;
    const DType element = operation_.rule == Rule::fill ? result : operands[first];
    if (first == 1) expect(operands[0] == DType::boolean, "the condition is not bool but ", operands[0]);
    for (int i = first; i < operation_.arity; ++i) {
      expect(operands[i] == element, name_of(element) + std::string(" and another operand of "), operands[i]);
    }
    const DType expected = operation_.rule == Rule::compare ? DType::boolean : element;
    expect(result == expected, name_of(expected) + std::string(" is the result's dtype, not "), result);
    const Loop loop = loops().operations[code][static_cast<std::size_t>(element)];
    expect(loop != nullptr, "not defined for ", element);
    return loop;
  }

 private:
  void expect(bool condition, const std::string& what, DType dtype) const {
    if (condition) return;
    throw Error("ERR_DTYPE", "fused: step " + std::to_string(step_) + " (" + operation_.name + "): " + what +
                                 name_of(dtype));
  }

  const Operation& operation_;
  std::size_t step_;
};

}  // namespace

FusedProgram::FusedProgram(const Call& call) : inputs(call.input_count()) {
  call.expect(call.output_count() > 0, "at least one output expected");
  const Shape& loop = call.output(0).shape;
  call.expect(loop.size() <= Stream::kMaxRank, "the rank is too high");
  for (std::size_t k = 1; k < call.output_count(); ++k) {
    call.expect(call.output(k).shape == loop, "all outputs must have one shape");
  }
  const std::size_t attributes = call.attributes().size();
  const auto most = static_cast<std::int64_t>(attributes / kNumbersPerStep);
  const auto count = static_cast<std::size_t>(call.integer(0, 0, most));
  const std::size_t first_output = 1 + count * kNumbersPerStep;
  call.expect(attributes == first_output + call.output_count(), "wrong number of attributes");
  registers.reserve(inputs + count);
  steps.reserve(count);
  for (std::size_t i = 0; i < inputs; ++i) {
    call.expect(Stream::fits(call.input(i), loop), "an input does not broadcast to the output");
    registers.push_back(call.input(i).dtype);
  }
  for (std::size_t step = 0; step < count; ++step) read_step(call, 1 + step * kNumbersPerStep);
  const std::size_t nameable = registers.size();
  for (std::size_t k = 0; k < call.output_count(); ++k) read_output(call, k, first_output + k, nameable);
}

void FusedProgram::read_step(const Call& call, std::size_t first_attribute) {
  const auto last_code = static_cast<std::int64_t>(operations().size()) - 1;
  const auto code = static_cast<std::size_t>(call.integer(first_attribute, 0, last_code));
  const Operation& operation = operations()[code];
  const auto result = static_cast<DType>(call.integer(first_attribute + 1, 0, kDTypeCount - 1));
  const auto self = static_cast<std::int64_t>(registers.size());
  Step step{nullptr, {kNoRegister, kNoRegister, kNoRegister}, call.attribute(first_attribute + 5)};
  DType dtypes[3] = {};
  for (int i = 0; i < 3; ++i) {
    const bool is_used = i < operation.arity;
    const std::size_t attribute = first_attribute + 2 + static_cast<std::size_t>(i);
    const std::int64_t operand = call.integer(attribute, is_used ? 0 : -1, is_used ? self - 1 : -1);
    if (!is_used) continue;
    step.operand[i] = static_cast<std::size_t>(operand);
    dtypes[i] = registers[step.operand[i]];
  }
  step.loop = StepCheck(operation, steps.size()).loop(code, dtypes, result);
  registers.push_back(result);
  steps.push_back(step);
}

// An output that names an input, or a result that another output has already, gets a copying step of its own.
// So every output is the result of one step, and whether that may write it is a question of order alone.
void FusedProgram::read_output(const Call& call, std::size_t output, std::size_t attribute,
                               std::size_t nameable) {
  auto source = static_cast<std::size_t>(call.integer(attribute, 0, static_cast<std::int64_t>(nameable) - 1));
  const DType dtype = registers[source];
  if (dtype != call.output(output).dtype) {
    throw Error("ERR_DTYPE", "fused: output " + std::to_string(output) + " is " +
                                 name_of(call.output(output).dtype) + ", its register holds " +
                                 name_of(dtype));
  }
  if (source < inputs || std::find(outputs.begin(), outputs.end(), source) != outputs.end()) {
    const auto code = static_cast<std::size_t>(dtype);
    steps.push_back({loops().casts[code][code], {source, kNoRegister, kNoRegister}, 0.0});
    registers.push_back(dtype);
    source = registers.size() - 1;
  }
  outputs.push_back(source);
}

}  // namespace palimpsest
