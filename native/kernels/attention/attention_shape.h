#pragma once

#include <algorithm>

#include "core/kernel.h"
#include "kernels/product/blocks.h"

namespace palimpsest {

using product::Index;
using product::Range;

// Everything that a call of attention or of its gradient says about extents, checked.
struct AttentionShape {
  Index examples, heads, key_heads, queries, keys, width, value_width;
  // The first `prefix` keys are seen by every query; the others are steps of time, the last of which is that
  // of the last query.
  Index prefix;
  bool causal;
  Index window;  // how many steps a query sees on either side, itself included; 0: all
  double scale, cap;
  const View* bias = nullptr;  // [N or 1, H or 1, Tq or 1, Tk]

  Index group() const { return heads / key_heads; }
  Index steps() const { return keys - prefix; }

  // The keys behind the prefix that a query sees.
  Range visible(Index query) const {
    const Index time = query + steps() - queries;
    const Index end = causal ? time + 1 : window > 0 ? std::min(steps(), time + window) : steps();
    const Index begin = window > 0 ? time - window + 1 : 0;
    const Index first = prefix + std::clamp<Index>(begin, 0, steps());
    return {first, std::max(first, prefix + std::clamp<Index>(end, 0, steps()))};
  }

  // The part of a block of keys that a query sees, counted from the start of the block.
  Range seen(Index query, Range block) const {
    if (block.end <= prefix) return {0, block.size()};
    const Range all = visible(query);
    const Index begin = std::clamp(all.begin, block.begin, block.end);
    return {begin - block.begin, std::max(begin, std::clamp(all.end, block.begin, block.end)) - block.begin};
  }

  // Whether any of some queries sees any of a block of keys: what they see grows and moves forward with time.
  bool meet(Range rows, Range block) const {
    if (block.end <= prefix) return true;
    return visible(rows.begin).begin < block.end && visible(rows.end - 1).end > block.begin;
  }

  // The row of the bias for a query, from some key on; null without a bias.
  template <typename T>
  const T* bias_row(Index example, Index head, Index query, Index key) const {
    if (bias == nullptr) return nullptr;
    const Shape& shape = bias->shape;
    const Index row = ((shape[0] == 1 ? 0 : example) * shape[1] + (shape[1] == 1 ? 0 : head)) * shape[2] +
                      (shape[2] == 1 ? 0 : query);
    return bias->as<T>() + row * keys + key;
  }
};

// Reads q, k, v, the bias if there are more inputs than `others` besides, and the attributes scale, cap,
// causal, window, prefix.
AttentionShape attention_shape(const Call& call, std::size_t others);

}  // namespace palimpsest
