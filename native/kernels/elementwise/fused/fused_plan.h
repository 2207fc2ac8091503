#pragma once

#include <cstddef>
#include <vector>

#include "fused_program.h"
#include "kernels/elementwise/stream.h"

namespace palimpsest {

// A `fused` instruction made ready to run: where each register lives. The loop must not be empty.
class FusedPlan {
 public:
  FusedPlan(const Call& call, const FusedProgram& program);

  // How many elements make a piece of parallel work, and the working memory of a piece.
  std::size_t piece() const { return piece_; }
  std::size_t scratch_bytes() const { return scratch_bytes_; }
  // Runs all steps over the elements [begin, end), a block at a time.
  void run_piece(std::size_t begin, std::size_t end, std::byte* scratch) const;

 private:
  struct Result {
    bool is_invariant = false;  // the same for every block: worked out once a piece
    std::size_t last_use = 0;   // the last step that reads it
    std::size_t buffer = 0;     // offset in the scratch memory, unless it is written to an output directly
    std::byte* output = nullptr;
    bool is_direct = false;  // written to the output by its step, else copied there after the last one
  };

  std::size_t reserve(std::size_t bytes);
  void note_uses();
  void place_outputs(const Call& call);
  void mark_invariants();
  void place_results();
  void run_step(std::size_t step, std::size_t n, std::byte* const* at) const;
  void run_block(std::size_t begin, std::size_t n, std::byte* scratch, std::byte** at) const;

  const FusedProgram& program_;
  std::size_t size_;
  std::size_t element_;  // bytes of the widest register's elements
  std::size_t block_;    // how many elements go through all steps before the next ones begin
  std::size_t piece_;
  std::size_t scratch_bytes_ = 0;
  std::vector<Stream> streams_;              // per input
  std::vector<std::size_t> stream_buffer_;   // offsets in the scratch memory
  std::vector<std::size_t> input_last_use_;  // steps
  std::vector<Result> results_;              // per step
};

}  // namespace palimpsest
