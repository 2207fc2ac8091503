// What a program must be to be run at all.
#include "check.h"
#include "core/program.h"

namespace palimpsest::test {
namespace {

double number_of(std::string_view name) {
  for (std::size_t i = 0; i < kernels().size(); ++i) {
    if (kernels()[i].name == name) return static_cast<double>(i);
  }
  throw Error("ERR_INTERNAL", "no such kernel");
}

constexpr double kFloat32 = 0, kInput = 0, kOutput = 1, kSlot = 2;

using Code = std::vector<double>;

// One input, one output, one slot of 64 bytes, then values and instructions.
Code program(const std::vector<Code>& values, const std::vector<Code>& instructions) {
  Code code = {1, 1, 1, 1, 64, static_cast<double>(values.size())};
  for (const Code& value : values) code.insert(code.end(), value.begin(), value.end());
  code.push_back(static_cast<double>(instructions.size()));
  for (const Code& instruction : instructions) code.insert(code.end(), instruction.begin(), instruction.end());
  return code;
}

// An instruction from one value to another. Decoding looks at no kernel's own rules.
Code step(double from, double to) { return {number_of("softmax"), 1, from, 1, to, 0}; }

Code value(double kind, double extent) { return {kFloat32, kind, 0, 2, 1, extent}; }

void check_malformed(const std::string& text, const Code& code) {
  check_throws("ERR_PROGRAM", text, [&] { Program::decode(code); });
}

TEST("a program reads only what it has written") {
  const Code input = value(kInput, 4), output = value(kOutput, 16), small = value(kSlot, 4), whole = value(kSlot, 16);
  Program::decode(program({input, value(kOutput, 4), small}, {step(0, 2), step(2, 1)}));
  check_malformed("nothing wrote", program({input, output, whole}, {step(2, 1)}));
  check_malformed("nothing wrote", program({input, output, small, whole}, {step(0, 2), step(3, 1)}));
}

TEST("a program writes its outputs in full") {
  const Code input = value(kInput, 4), output = value(kOutput, 16), part = value(kOutput, 4);
  Program::decode(program({value(kInput, 16), output}, {step(0, 1)}));
  check_malformed("never written", program({input, output}, {}));
  check_malformed("never written", program({input, output, part}, {step(0, 2)}));
}

TEST("an extent of 0 does not excuse the others") {
  const double most = 9007199254740991;
  const Code good = value(kInput, 4), output = value(kOutput, 4);
  const auto empty = [](double extent) { return Code{kFloat32, kInput, 0, 2, 0, extent}; };
  Program::decode(program({empty(1 << 30), good, output}, {step(1, 2)}));
  check_malformed("larger than 2^53", program({empty(most), good, output}, {step(1, 2)}));
}

}  // namespace
}  // namespace palimpsest::test
