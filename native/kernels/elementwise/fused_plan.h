#pragma once

#include <cstddef>
#include <vector>

#include "core/kernel.h"
#include "loops.h"
#include "stream.h"

namespace palimpsest {

// A `fused` instruction, checked and made ready to run: which loop each step calls, and where each register
// lives.
//
// Attributes: the number of steps; per step six numbers: operation code, result dtype code, operands a, b, c
// (register numbers, -1 where the operation takes fewer), immediate; then one register number per output.
// Registers 0, 1, ... are the inputs; the steps' results follow in order.
class FusedPlan {
 public:
  explicit FusedPlan(const Call& call);

  // The number of elements of the loop.
  std::size_t size() const { return size_; }
  // How many elements go through all steps before the next ones begin, and how many make a piece of parallel
  // work.
  std::size_t block() const { return block_; }
  std::size_t piece() const { return piece_; }
  // The working memory of one piece.
  std::size_t scratch_bytes() const { return scratch_bytes_; }
  void run_piece(std::size_t begin, std::size_t end, std::byte* scratch) const;

 private:
  struct Register {
    DType dtype;
    std::size_t last_use;  // the last step that reads it, or kAtEnd
  };
  struct Step {
    Loop loop;
    std::size_t operand[3];  // registers; the one past the last where there is none
    double immediate;
    bool is_invariant = false;  // the same for every block: runs once a piece
    std::size_t buffer =
        0;  // offset of the result in the scratch memory, unless it is written to an output directly
  };
  struct Output {
    std::byte* data;
    std::size_t element;  // bytes
    std::size_t source;   // register, a step's result
    bool is_direct;       // the step writes here, else its buffer is copied after the last step
  };

  void read_inputs(const Call& call);
  void read_step(const Call& call, std::size_t step);
  void read_outputs(const Call& call);
  void append_step(Loop loop, DType dtype, const std::size_t (&operand)[3], double immediate);
  void place_outputs(const Call& call);
  void mark_invariants();
  void place_buffers();
  bool is_direct(std::size_t reg) const;

  std::size_t inputs_ = 0;
  std::size_t size_ = 0;
  std::size_t block_ = 0;
  std::size_t piece_ = 0;
  std::size_t scratch_bytes_ = 0;
  std::vector<Stream> streams_;
  std::vector<std::size_t> stream_buffer_;  // offsets in the scratch memory
  std::vector<Register> registers_;
  std::vector<Step> steps_;
  std::vector<Output> outputs_;
};

}  // namespace palimpsest
