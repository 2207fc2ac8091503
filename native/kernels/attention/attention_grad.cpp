// attentionGrad: what comes back for q, k and v, from g, what came for y, the logarithms of the sums under
// the softmax and delta, a number a query: with p = e^(score - log_sum) and dp = g v^T,
//
//   dv = p^T g,   ds = p (dp - delta) dscore,   dq = ds k,   dk = ds^T q
//
// Scores are computed again, a block at a time. One task goes over the blocks of keys of a head, and for each
// of them over the blocks of queries, so that every sum has one order.
//
// Roofline: arithmetic, five products of the size of one forwards. Tiles leave out what no query of theirs
// sees.
#include "attention_blocks.h"
#include "attention_loops.h"

namespace palimpsest {
namespace {

// Multiply-adds of a task between two looks at the cancel flag, some 10 ms.
constexpr double kWorkPerTask = 5e8;
// Queries that are worked on together are up to so many: two blocks of scores stay in the second-level cache,
// and the sums for a tile of keys are read and written once for so many multiply-adds an element.
constexpr Index kQueryBlock = 72;

template <typename T>
class Backward {
 public:
  Backward(const Call& call, const AttentionShape& shape, std::size_t first)
      : call_(call),
        shape_(shape),
        loops_(attention_loops().of<T>()),
        rule_{static_cast<T>(shape.scale), static_cast<T>(shape.cap)},
        blocks_{shape.prefix, shape.keys},
        query_blocks_{shape.queries, block_of(shape.queries)},
        log_sums_(call.input(first + 1).as<T>()),
        deltas_(call.input(first + 2).as<T>()),
        queries_(wide_rows<T>(call, call.input(0))),
        keys_(wide_rows<T>(call, call.input(1))),
        cotangents_(wide_rows<T>(call, call.input(first))),
        heads_(shape.examples * shape.heads),
        dq_(target(call.output(0), 1, shape.queries, queries_.step)),
        dk_(target(call.output(1), shape.group(), shape.keys, queries_.step)),
        dv_(target(call.output(2), shape.group(), shape.keys, cotangents_.step)) {}

  void run() {
    const double pair = static_cast<double>(3 * queries_.step + 2 * cotangents_.step);
    const double block = static_cast<double>(kKeyBlock) * static_cast<double>(shape_.queries) * pair;
    const Index chunk = static_cast<Index>(std::clamp(kWorkPerTask / block, 1.0, 1e6));
    const product::Cut cut{blocks_.count(), chunk};
    for (Index c = 0; c < cut.count(); ++c) {
      for_each_unit(call_.workers, static_cast<std::size_t>(heads_), block / 16, [&](std::size_t head) {
        if (c == 0) std::fill_n(dq_.rows(head), shape_.queries * queries_.step, T(0));
        const std::size_t key_part = panel_elements<T>(kKeyBlock, shape_.width);
        const std::size_t value_part = panel_elements<T>(kKeyBlock, shape_.value_width);
        const std::size_t score_part = static_cast<std::size_t>(kQueryBlock * kScoreStep);
        const std::size_t all = checked_add(checked_add(key_part, value_part), 2 * score_part);
        const StoragePtr scratch = call_.scratch(checked_mul(all, sizeof(T)));
        T* const begin = elements_of<T>(scratch);
        const Space space{begin, begin + key_part, begin + key_part + value_part,
                          begin + key_part + value_part + score_part};
        for (Index b = cut[c].begin; b < cut[c].end; ++b) keys(static_cast<Index>(head), blocks_[b], space);
      });
    }
    collect(dq_, call_.output(0), 1, shape_.queries);
    collect(dk_, call_.output(1), shape_.group(), shape_.keys);
    collect(dv_, call_.output(2), shape_.group(), shape_.keys);
  }

 private:
  // Where the rows of an output are summed: in the output itself, or in scratch when the heads of a group
  // share it or its rows are no whole vectors.
  struct Target {
    T* data;
    Index rows_per_head, step;
    StoragePtr scratch;
    T* rows(std::size_t head) const { return data + static_cast<Index>(head) * rows_per_head * step; }
  };
  // A task's memory: transposed keys and values, p and ds.
  struct Space {
    T* key_panels;
    T* value_panels;
    T* p;
    T* ds;
  };

  static Index block_of(Index queries) {
    return product::ceil_div(queries, product::ceil_div(queries, kQueryBlock));
  }

  Target target(const View& out, Index group, Index rows, Index step) const {
    if (group == 1 && out.dim(-1) == step) return {out.as<T>(), rows, step, nullptr};
    StoragePtr scratch = scratch_of<T>(call_, heads_ * rows, step);
    T* data = elements_of<T>(scratch);
    return {data, rows, step, std::move(scratch)};
  }

  Index matrix_of(Index head) const {
    return head / shape_.heads * shape_.key_heads + head % shape_.heads / shape_.group();
  }

  // One block of keys of one head over all queries.
  void keys(Index head, Range range, const Space& space) const {
    const Index first = matrix_of(head) * shape_.keys + range.begin;
    const Index width = shape_.width, value_width = shape_.value_width;
    pack_transposed(call_.input(1).as<T>() + first * width, range.size(), width, space.key_panels);
    pack_transposed(call_.input(2).as<T>() + first * value_width, range.size(), value_width,
                    space.value_panels);
    T* const dk = dk_.rows(static_cast<std::size_t>(head)) + range.begin * dk_.step;
    T* const dv = dv_.rows(static_cast<std::size_t>(head)) + range.begin * dv_.step;
    std::fill_n(dk, range.size() * dk_.step, T(0));
    std::fill_n(dv, range.size() * dv_.step, T(0));
    for (Index i = 0; i < query_blocks_.count(); ++i) {
      const Range rows = query_blocks_[i];
      if (!shape_.meet(rows, range)) continue;
      by_queries(head, range, rows, space);
      by_keys(head, range, rows, space, dk, dv);
    }
  }

  // p and ds of some queries and keys, and what they add to dq. Tiles of queries end with the last key that
  // one of theirs sees.
  void by_queries(Index head, Range range, Range rows, const Space& space) const {
    using product::Update;
    const Index step = queries_.step, value_step = cotangents_.step, lanes = micro_kernels<T>().lanes;
    const T* k = keys_.data + (matrix_of(head) * shape_.keys + range.begin) * step;
    const product::Slivers tiles{rows.size(), micro_kernels<T>().tile_rows};
    tiles.for_each([&](Index row, Index height, Index) {
      const Index first = head * shape_.queries + rows.begin + row;
      T* const p = space.p + row * kScoreStep;
      T* const ds = space.ds + row * kScoreStep;
      const Index end = shape_.seen(rows.begin + row + height - 1, range).end;
      const Index across = round_up(end, lanes);
      multiply_across<T>(queries_.data + first * step, step, true, height, space.key_panels, shape_.width,
                         across, shape_.width, p, kScoreStep, Update::store);
      multiply_across<T>(cotangents_.data + first * value_step, value_step, true, height, space.value_panels,
                         shape_.value_width, across, shape_.value_width, ds, kScoreStep, Update::store);
      for (Index i = 0; i < height; ++i) {
        probabilities(head, rows.begin + row + i, range, p + i * kScoreStep, ds + i * kScoreStep);
      }
      T* const dq = dq_.rows(static_cast<std::size_t>(head)) + (rows.begin + row) * step;
      multiply_rows(ds, kScoreStep, true, height, k, step, end, dq);
    });
  }

  // What p and ds of some queries add to dv and dk. Tiles of keys begin with the first query that sees one of
  // theirs.
  void by_keys(Index head, Range range, Range rows, const Space& space, T* dk, T* dv) const {
    const Index step = queries_.step, value_step = cotangents_.step;
    const product::Slivers tiles{range.size(), micro_kernels<T>().tile_rows};
    Index skipped = 0;
    tiles.for_each([&](Index key, Index height, Index) {
      while (skipped < rows.size() && shape_.seen(rows.begin + skipped, range).end <= key) ++skipped;
      const Index count = rows.size() - skipped;
      if (count == 0) return;
      const Index first = head * shape_.queries + rows.begin + skipped;
      const T* p = space.p + skipped * kScoreStep + key;
      const T* ds = space.ds + skipped * kScoreStep + key;
      multiply_rows(p, kScoreStep, false, height, cotangents_.data + first * value_step, value_step, count,
                    dv + key * value_step);
      multiply_rows(ds, kScoreStep, false, height, queries_.data + first * step, step, count,
                    dk + key * step);
    });
  }

  // c += a b for a tile of rows, where b is `depth` rows as they lie in memory and c has rows like them.
  static void multiply_rows(const T* a, Index a_step, bool apart, Index height, const T* b, Index step,
                            Index depth, T* c) {
    const Index columns = panel_columns<T>();
    for (Index column = 0; column < step; column += columns) {
      multiply_tile<T>(a, a_step, apart, height, b + column, step, std::min(columns, step - column), depth,
                       c + column, step, product::Update::add);
    }
  }

  // A row of products becomes p, that of dp ds; zeros where the query sees nothing.
  void probabilities(Index head, Index query, Range keys, T* row, T* other) const {
    const Range seen = shape_.seen(query, keys);
    for (T* part : {row, other}) {
      std::fill(part, part + seen.begin, T(0));
      std::fill(part + seen.end, part + keys.size(), T(0));
    }
    if (seen.size() == 0) return;
    const Index at = head * shape_.queries + query;
    const T* bias =
        shape_.bias_row<T>(head / shape_.heads, head % shape_.heads, query, keys.begin + seen.begin);
    loops_.grad(static_cast<std::size_t>(seen.size()), row + seen.begin, other + seen.begin, bias, rule_,
                log_sums_[at], deltas_[at]);
  }

  // Copies rows from scratch to the output, summed over the heads of a group.
  void collect(const Target& target, const View& out, Index group, Index rows) const {
    if (target.scratch == nullptr || out.size == 0) return;
    const Index width = out.dim(-1);
    T* const to = out.as<T>();
    const std::size_t units = static_cast<std::size_t>(heads_ / group * rows);
    for_each_unit(call_.workers, units, static_cast<double>(width * group), [&](std::size_t unit) {
      const Index matrix = static_cast<Index>(unit) / rows, row = static_cast<Index>(unit) % rows;
      T* const sum = to + static_cast<Index>(unit) * width;
      std::copy_n(target.data + (matrix * group * rows + row) * target.step, width, sum);
      for (Index h = 1; h < group; ++h) {
        const T* from = target.data + ((matrix * group + h) * rows + row) * target.step;
        for (Index d = 0; d < width; ++d) sum[d] += from[d];
      }
    });
  }

  const Call& call_;
  const AttentionShape& shape_;
  const AttentionLoops<T>& loops_;
  ScoreRule<T> rule_;
  KeyBlocks blocks_;
  product::Cut query_blocks_;
  const T* log_sums_;
  const T* deltas_;
  WideRows<T> queries_;
  WideRows<T> keys_;
  WideRows<T> cotangents_;
  Index heads_;
  Target dq_;
  Target dk_;
  Target dv_;
};

void attention_grad(const Call& call) {
  const AttentionShape shape = attention_shape(call, 3);
  call.expect_counts(call.input_count(), 3);
  const std::size_t first = call.input_count() - 3;
  const View &q = call.input(0), &g = call.input(first);
  const Shape per_query{shape.examples, shape.heads, shape.queries};
  call.expect(g.shape == Shape{shape.examples, shape.heads, shape.queries, shape.value_width} &&
                  call.input(first + 1).shape == per_query && call.input(first + 2).shape == per_query,
              "expected cotangents [N, H, Tq, Dv] and two numbers a query, [N, H, Tq]");
  for (std::size_t i = 0; i < 3; ++i) {
    call.expect(call.output(i).shape == call.input(i).shape && call.output(i).dtype == q.dtype,
                "expected outputs like q, k and v");
  }
  dispatch_float(q.dtype, [&]<typename T>() {
    if (call.input(first + 1).size == 0 || shape.keys == 0) {  // no query meets a key
      for (std::size_t i = 0; i < 3; ++i) std::fill_n(call.output(i).as<T>(), call.output(i).size, T(0));
      return;
    }
    Backward<T>(call, shape, first).run();
  });
}

PALIMPSEST_KERNEL("attentionGrad", attention_grad);

}  // namespace
}  // namespace palimpsest
