#pragma once

#include <cstddef>

namespace palimpsest::low_rank {

// The tile that stays in registers: rows of A by columns of B. Both are packed in slivers of these sizes, one
// after the other, step by step of the depth, with zeros behind the last row and column.
struct Sizes {
  std::size_t rows;
  std::size_t columns;
};

// A block of out = w + A B: `rows` by `columns` elements, from packed slivers of both sides.
template <typename T>
struct Block {
  const T* a;
  const T* b;
  std::size_t depth;
  std::size_t rows;
  std::size_t columns;
  const T* w;
  T* out;
  std::size_t step;    // between rows of w and out
  bool around_caches;  // out may be written past the caches: its rows are aligned for it
};

template <typename T>
struct Loops {
  Sizes tile;
  void (*add_product)(const Block<T>& block);
};

struct LoopSet {
  Loops<float> single;
  Loops<double> twice;

  template <typename T>
  const Loops<T>& of() const {
    if constexpr (sizeof(T) == sizeof(float)) {
      return single;
    } else {
      return twice;
    }
  }
};

extern const LoopSet kBaselineLoops;
#if defined(__x86_64__)
extern const LoopSet kAvx2Loops;
extern const LoopSet kAvx512Loops;
#endif

// The loops for this processor.
const LoopSet& loops();

}  // namespace palimpsest::low_rank
