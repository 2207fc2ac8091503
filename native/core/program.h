#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "kernel.h"

namespace palimpsest {

// Where a value lives while a program runs.
enum class PlaceKind : std::uint8_t { input = 0, output = 1, slot = 2 };

struct Place {
  PlaceKind kind;
  std::uint32_t index;
  bool operator==(const Place&) const = default;
};

struct Value {
  DType dtype;
  Shape shape;
  std::int64_t size;
  std::size_t bytes;
  Place place;
  std::size_t offset;  // bytes from the beginning of the place
};

struct Instruction {
  KernelEntry kernel;
  std::vector<std::uint32_t> inputs;  // numbers of values
  std::vector<std::uint32_t> outputs;
  std::vector<double> attributes;
};

// A flat list of kernel calls over numbered values, whose places (and so lifetimes) were planned in advance.
// Decoded and checked once, run any number of times, by several tasks at once if need be.
//
// The encoding is one sequence of numbers, written by lib/graph/lowering/program.ts:
//   version, input count, output count, slot count, slot bytes...,
//   value count, then per value: dtype, place kind, place index, byte offset, rank, extents...,
//   instruction count, then per instruction: kernel, inputs n, values..., outputs n, values..., attributes n, numbers...
class Program {
 public:
  static std::shared_ptr<const Program> decode(std::span<const double> code);

  std::size_t input_count() const { return input_bytes_.size(); }
  std::size_t output_count() const { return output_bytes_.size(); }
  std::size_t instruction_count() const { return instructions_.size(); }

  using Progress = std::function<void(std::size_t done, std::size_t total)>;
  // Begin and end of every instruction in nanoseconds from the start of the run.
  using Times = std::vector<double>;
  // Runs every instruction in order and returns the outputs' storages. Throws ERR_BUFFER when an input is too small
  // or lies where its elements cannot,
  // ERR_ABORTED when cancelled, and whatever a kernel throws. Fills `times` when asked to.
  std::vector<StoragePtr> run(std::span<const StoragePtr> inputs, const Workers& workers, Allocator& allocator,
                              const Progress& progress, Times* times = nullptr) const;

 private:
  friend class ProgramDecoder;
  std::vector<std::size_t> input_bytes_;
  std::vector<std::size_t> input_alignments_;
  std::vector<std::size_t> output_bytes_;
  std::vector<std::size_t> slot_bytes_;
  std::vector<Value> values_;
  std::vector<Instruction> instructions_;
  std::vector<std::vector<std::uint32_t>> dying_slots_;  // per instruction: those that no later one touches
  std::size_t most_values_ = 0;  // the most inputs, or outputs, of an instruction
};

}  // namespace palimpsest
