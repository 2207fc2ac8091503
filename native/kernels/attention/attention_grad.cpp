// attentionGrad: what comes back for q, k and v, from g, what came for y, the logarithms of the sums under
// the softmax and delta, a number a query: with p = e^(score - log_sum) and dp = g v^T,
//
//   dv = p^T g,   ds = p (dp - delta) dscore,   dq = ds k,   dk = ds^T q
//
// Scores are computed again, a block at a time. One task goes over the blocks of keys of a head, and for each
// of them over the blocks of queries, so that every sum has one order.
#include "attention_blocks.h"
#include "attention_loops.h"

namespace palimpsest {
namespace {

// Multiply-adds of a task between two looks at the cancel flag, some 10 ms.
constexpr double kWorkPerTask = 5e8;

template <typename T>
class Backward {
 public:
  Backward(const Call& call, const AttentionShape& shape, std::size_t first)
      : call_(call),
        shape_(shape),
        loops_(attention_loops().of<T>()),
        rule_{static_cast<T>(shape.scale), static_cast<T>(shape.cap)},
        blocks_{shape.prefix, shape.keys},
        log_sums_(call.input(first + 1).as<T>()),
        deltas_(call.input(first + 2).as<T>()),
        key_panels_(call, call.input(1), blocks_),
        value_panels_(call, call.input(2), blocks_),
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
        const StoragePtr scratch = scratch_of<T>(call_, kQueryBlock, 2 * kKeyBlock);
        for (Index b = cut[c].begin; b < cut[c].end; ++b) {
          keys(static_cast<Index>(head), b, elements_of<T>(scratch));
        }
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

  Target target(const View& out, Index group, Index rows, Index step) const {
    if (group == 1 && out.dim(-1) == step) return {out.as<T>(), rows, step, nullptr};
    StoragePtr scratch = scratch_of<T>(call_, heads_ * rows, step);
    T* data = elements_of<T>(scratch);
    return {data, rows, step, std::move(scratch)};
  }

  // One block of keys of one head over all queries.
  void keys(Index head, Index b, T* products) const {
    const Range range = blocks_[b];
    T* const dk = dk_.rows(static_cast<std::size_t>(head)) + range.begin * dk_.step;
    T* const dv = dv_.rows(static_cast<std::size_t>(head)) + range.begin * dv_.step;
    std::fill_n(dk, range.size() * dk_.step, T(0));
    std::fill_n(dv, range.size() * dv_.step, T(0));
    const product::Cut cut{shape_.queries, kQueryBlock};
    for (Index i = 0; i < cut.count(); ++i) {
      if (shape_.meet(cut[i], range)) block(head, b, cut[i], products, dk, dv);
    }
  }

  void block(Index head, Index b, Range rows, T* p, T* dk, T* dv) const {
    using product::Update;
    const Range range = blocks_[b];
    const Index columns = micro_kernels<T>().columns();
    const Index across = round_up(range.size(), micro_kernels<T>().lanes);
    const Index matrix = head / shape_.heads * shape_.key_heads + head % shape_.heads / shape_.group();
    const Index first = head * shape_.queries + rows.begin;
    const Index step = queries_.step, value_step = cotangents_.step;
    const T* q = queries_.data + first * step;
    const T* g = cotangents_.data + first * value_step;
    T* const ds = p + kQueryBlock * kKeyBlock;
    multiply<T>({q, step, true}, {key_panels_.at(matrix, b), columns, key_panels_.panel_step()}, rows.size(),
                across, shape_.width, p, kKeyBlock, Update::store);
    multiply<T>({g, value_step, true}, {value_panels_.at(matrix, b), columns, value_panels_.panel_step()},
                rows.size(), across, shape_.value_width, ds, kKeyBlock, Update::store);
    for (Index i = 0; i < rows.size(); ++i) probabilities(head, rows.begin + i, range, p + i * kKeyBlock);
    multiply<T>({p, kKeyBlock, false}, {g, value_step, columns}, range.size(), value_step, rows.size(), dv,
                value_step, Update::add);
    multiply<T>({ds, kKeyBlock, false}, {q, step, columns}, range.size(), step, rows.size(), dk, step,
                Update::add);
    const T* k = keys_.data + (matrix * shape_.keys + range.begin) * step;
    multiply<T>({ds, kKeyBlock, true}, {k, step, columns}, rows.size(), step, range.size(),
                dq_.rows(static_cast<std::size_t>(head)) + rows.begin * step, step, Update::add);
  }

  // A row of products becomes p, that of dp ds; zeros where the query sees nothing.
  void probabilities(Index head, Index query, Range keys, T* row) const {
    T* const other = row + kQueryBlock * kKeyBlock;
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
  const T* log_sums_;
  const T* deltas_;
  Panels<T> key_panels_;
  Panels<T> value_panels_;
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
