// What a program must be to be run at all.
#include "core/program.h"
#include "support/check.h"

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
  Code code = {2, 1, 1, 1, 64, static_cast<double>(values.size())};
  for (const Code& value : values) code.insert(code.end(), value.begin(), value.end());
  code.push_back(static_cast<double>(instructions.size()));
  for (const Code& numbers : instructions) code.insert(code.end(), numbers.begin(), numbers.end());
  return code;
}

// An instruction from one value to another. Decoding looks at no kernel's own rules.
Code step(double from, double to) { return {number_of("softmax"), 1, from, 1, to, 0}; }

Code value(double kind, double extent) { return {kFloat32, kind, 0, 0, 2, 1, extent}; }

void check_malformed(const std::string& text, const Code& code) {
  check_throws("ERR_PROGRAM", text, [&] { Program::decode(code); });
}

TEST("a program reads only what it has written") {
  const Code input = value(kInput, 4), output = value(kOutput, 16);
  const Code small = value(kSlot, 4), whole = value(kSlot, 16);
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
  const auto empty = [](double extent) { return Code{kFloat32, kInput, 0, 0, 2, 0, extent}; };
  Program::decode(program({empty(1 << 30), good, output}, {step(1, 2)}));
  check_malformed("larger than 2^53", program({empty(most), good, output}, {step(1, 2)}));
}

// Values that begin somewhere in their place.
TEST("a program reads stretches of what it has written, and writes from the beginning") {
  const auto at = [](double kind, double offset, double extent) {
    return Code{kFloat32, kind, 0, offset, 2, 1, extent};
  };
  const Code whole = value(kInput, 16), slot = value(kSlot, 16), output = value(kOutput, 4);
  const auto read = [&](const Code& part) {
    return program({whole, slot, part, output}, {step(0, 1), step(2, 3)});
  };
  Program::decode(read(at(kSlot, 48, 4)));
  Program::decode(read(at(kInput, 4096, 4)));
  check_malformed("larger than its slot", read(at(kSlot, 52, 4)));
  check_malformed("middle of an element", read(at(kSlot, 2, 4)));
  check_malformed("byte offset", read(at(kSlot, -4, 4)));
  check_malformed("byte offset", read(at(kInput, 9007199254740992, 4)));
  const Code part = value(kSlot, 8);
  check_malformed("nothing wrote", program({value(kInput, 8), part, at(kSlot, 16, 8), value(kOutput, 8)},
                                           {step(0, 1), step(2, 3)}));
  check_malformed("into the middle", program({whole, at(kSlot, 16, 4), output}, {step(0, 1), step(1, 2)}));
  check_malformed("over one of its inputs",
                  program({whole, slot, at(kSlot, 4, 4), value(kSlot, 4), output},
                          {step(0, 1), step(2, 3), step(3, 4)}));
}

TEST("a program refuses inputs that end too early or lie where elements cannot") {
  const auto code = Program::decode(program({{kFloat32, kInput, 0, 8, 1, 2}, value(kOutput, 4)},
                                            {{number_of("iota"), 0, 1, 1, 2, 0, 1}}));
  const auto allocator = std::make_shared<Allocator>();
  const StoragePtr bytes = allocator->allocate(64);
  const auto run = [&](std::size_t offset, std::size_t length) {
    const StoragePtr input = Storage::view(bytes, offset, length);
    code->run(std::span(&input, 1), Workers(1, nullptr), *allocator, {});
  };
  check_throws("ERR_BUFFER", "needs 16 bytes", [&] { run(0, 15); });
  check_throws("ERR_BUFFER", "multiple of 4", [&] { run(2, 16); });
  check_throws("ERR_BUFFER", "asked for", [&] { run(60, 8); });
}

}  // namespace
}  // namespace palimpsest::test
