#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "core/kernel.h"
#include "kernels/elementwise/loops.h"

namespace palimpsest {

// What a `fused` instruction asks for, read and checked.
//
// Attributes: the number of steps; per step six numbers: operation code, result dtype code, operands a, b, c
// (register numbers, -1 where the operation takes fewer), immediate; then one register number per output.
// Registers 0, 1, ... are the inputs; the steps' results follow in order.
struct FusedProgram {
  static constexpr std::size_t kNoRegister = std::numeric_limits<std::size_t>::max();

  struct Step {
    Loop loop;
    std::size_t operand[3];  // registers or kNoRegister
    double immediate;
  };

  explicit FusedProgram(const Call& call);

  std::size_t inputs;
  std::vector<DType> registers;
  std::vector<Step> steps;
  std::vector<std::size_t> outputs;  // registers: each the result of a step of its own

 private:
  void read_step(const Call& call, std::size_t first_attribute);
  void read_output(const Call& call, std::size_t output, std::size_t attribute, std::size_t nameable);
};

}  // namespace palimpsest
