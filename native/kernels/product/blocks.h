#pragma once

#include <algorithm>
#include <cstdint>

namespace palimpsest::product {

using Index = std::int64_t;

constexpr Index ceil_div(Index a, Index b) { return (a + b - 1) / b; }
constexpr Index round_up(Index a, Index unit) { return ceil_div(a, unit) * unit; }

struct Range {
  Index begin;
  Index end;
  Index size() const { return end - begin; }
};

// An extent cut in blocks of one size, the last one smaller.
struct Cut {
  Index extent;
  Index block;
  Index count() const { return ceil_div(extent, block); }
  Range operator[](Index i) const { return {i * block, std::min(extent, (i + 1) * block)}; }
};

// A block of rows or columns cut in slivers, the strips that one register tile covers.
// Columns: as wide as a tile, the last one narrower. Rows (lanes = 1): nearly equal heights, because a tile
// exists for every height (16 rows under a limit of 12 are 8 + 8, not 12 + 4).
struct Slivers {
  Index extent;
  Index limit;
  Index lanes = 1;

  Index count() const { return ceil_div(extent, limit); }
  // Calls use(begin, size, width) for each; width is the size in whole vectors, a packed sliver's step.
  template <typename Use>
  void for_each(const Use& use) const {
    const Index slivers = count();
    if (slivers == 0) return;
    const Index size = lanes > 1 ? limit : extent / slivers;
    const Index taller = lanes > 1 ? 0 : extent % slivers;  // so many are one higher
    Index begin = 0;
    for (Index i = 0; i < slivers; ++i) {
      const Index this_size = std::min(size + (i < taller ? 1 : 0), extent - begin);
      use(begin, this_size, round_up(this_size, lanes));
      begin += this_size;
    }
  }
};

// A piece of the two-level depth: steps [begin, begin + count) of each of `examples` examples, starting with
// `example`.
struct DepthBlock {
  Index example;
  Index examples;
  Index begin;
  Index count;
  Index depth() const { return examples * count; }
};

// The depth of a sum over examples and their steps, cut so that a block holds about `limit` steps: several
// whole examples, or an equal part of one.
struct DepthCut {
  Index examples;
  Index steps;
  Index limit;

  Index parts() const { return std::max<Index>(1, ceil_div(steps, limit)); }  // blocks an example
  Index group() const { return parts() > 1 ? 1 : std::max<Index>(1, limit / std::max<Index>(1, steps)); }
  Index largest() const {
    return parts() > 1 ? ceil_div(steps, parts()) : std::min(group(), examples) * steps;
  }
  Index count() const { return ceil_div(examples, group()) * parts(); }
  DepthBlock operator[](Index i) const {
    const Index first = i / parts() * group();
    const Cut cut{steps, std::max<Index>(1, ceil_div(steps, parts()))};
    const Range range = parts() > 1 ? cut[i % parts()] : Range{0, steps};
    return {first, std::min(group(), examples - first), range.begin, std::max<Index>(0, range.size())};
  }
};

}  // namespace palimpsest::product
