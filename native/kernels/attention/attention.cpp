// attention: y = softmax(score(q k^T)) v for each example and head, and the logarithms of the sums under the
// softmax. The scores are never stored: a block of queries goes over the blocks of keys and keeps the
// largest score so far and the sums relative to it, and is scaled when a larger one comes (Milakov and
// Gimelshein 2018; Dao et al. 2022).
#include <cmath>
#include <limits>

#include "attention_blocks.h"
#include "attention_loops.h"

namespace palimpsest {
namespace {

template <typename T>
class Forward {
 public:
  Forward(const Call& call, const AttentionShape& shape)
      : call_(call),
        shape_(shape),
        loops_(attention_loops().of<T>()),
        rule_{static_cast<T>(shape.scale), static_cast<T>(shape.cap)},
        blocks_{shape.prefix, shape.keys},
        panels_(call, call.input(1), blocks_),
        values_(wide_rows<T>(call, call.input(2))) {}

  void run() {
    const product::Cut cut{shape_.queries, kQueryBlock};
    const std::size_t units = static_cast<std::size_t>(shape_.examples * shape_.heads * cut.count());
    const double work = static_cast<double>(kQueryBlock) / 16 * static_cast<double>(shape_.keys) *
                        static_cast<double>(shape_.width + shape_.value_width);
    for_each_unit(call_.workers, units, work, [&](std::size_t unit) {
      const Index head = static_cast<Index>(unit) / cut.count();
      queries(head / shape_.heads, head % shape_.heads, cut[static_cast<Index>(unit) % cut.count()]);
    });
  }

 private:
  struct RowState {
    T top = -std::numeric_limits<T>::infinity();
    double sum = 0;
  };

  // One block of queries of one head over all keys.
  void queries(Index example, Index head, Range rows) const {
    const Index step = values_.step;
    const StoragePtr scratch = scratch_of<T>(call_, kQueryBlock, kKeyBlock + step);
    T* const scores = elements_of<T>(scratch);
    T* const sums = scores + kQueryBlock * kKeyBlock;
    std::fill_n(sums, rows.size() * step, T(0));
    RowState states[kQueryBlock];
    for (Index b = 0; b < blocks_.count(); ++b) {
      if (shape_.meet(rows, blocks_[b])) block(example, head, rows, b, scores, sums, states);
    }
    finish(example, head, rows, sums, states);
  }

  void block(Index example, Index head, Range rows, Index b, T* scores, T* sums, RowState* states) const {
    const Range keys = blocks_[b];
    const Index matrix = example * shape_.key_heads + head / shape_.group();
    const T* q = call_.input(0).as<T>() +
                 ((example * shape_.heads + head) * shape_.queries + rows.begin) * shape_.width;
    const Index columns = micro_kernels<T>().columns();
    multiply<T>({q, shape_.width, true}, {panels_.at(matrix, b), columns, panels_.panel_step()}, rows.size(),
                round_up(keys.size(), micro_kernels<T>().lanes), shape_.width, scores, kKeyBlock,
                product::Update::store);
    for (Index i = 0; i < rows.size(); ++i) {
      T* const row = scores + i * kKeyBlock;
      const Range seen = shape_.seen(rows.begin + i, keys);
      std::fill(row, row + seen.begin, T(0));
      std::fill(row + seen.end, row + keys.size(), T(0));
      const T* bias = shape_.bias_row<T>(example, head, rows.begin + i, keys.begin + seen.begin);
      if (seen.size() == 0) continue;
      exponentials(seen.size(), row + seen.begin, bias, sums + i * values_.step, states[i]);
    }
    const T* v = values_.data + (matrix * shape_.keys + keys.begin) * values_.step;
    multiply<T>({scores, kKeyBlock, true}, {v, values_.step, columns}, rows.size(), values_.step, keys.size(),
                sums, values_.step, product::Update::add);
  }

  // Turns the products of a row into e^(score - top) and brings what was summed before to the same top.
  void exponentials(Index count, T* row, const T* bias, T* sums, RowState& state) const {
    const std::size_t n = static_cast<std::size_t>(count);
    const T top = std::max(state.top, loops_.scores(n, row, bias, rule_));
    if (top == -std::numeric_limits<T>::infinity()) {
      // Nothing but masked scores, unless there is a NaN, which no comparison finds.
      const bool is_nan = std::any_of(row, row + n, [](T s) { return std::isnan(s); });
      std::fill_n(row, n, is_nan ? std::numeric_limits<T>::quiet_NaN() : T(0));
      if (is_nan) state.sum = std::numeric_limits<double>::quiet_NaN();
      return;
    }
    const double sum = loops_.exponentials(n, row, top);
    if (top != state.top) {
      const T factor = std::exp(state.top - top);
      state.sum *= static_cast<double>(factor);
      loops_.scale(static_cast<std::size_t>(values_.step), sums, factor);
      state.top = top;
    }
    state.sum += sum;
  }

  // y = sums / sum; queries that see nothing give zeros, and 0 for the logarithm.
  void finish(Index example, Index head, Range rows, T* sums, const RowState* states) const {
    const Index first = (example * shape_.heads + head) * shape_.queries + rows.begin;
    const Index width = shape_.value_width;
    T* const y = call_.output(0).as<T>() + first * width;
    T* const log_sums = call_.output(1).as<T>() + first;
    for (Index i = 0; i < rows.size(); ++i) {
      const RowState& state = states[i];
      const bool is_blind = state.sum == 0;
      const T factor = is_blind ? T(0) : static_cast<T>(1 / state.sum);
      T* const row = sums + i * values_.step;
      if (width > 0) {
        loops_.scale(static_cast<std::size_t>(width), row, factor);
        std::copy_n(row, width, y + i * width);
      }
      log_sums[i] = is_blind ? T(0) : static_cast<T>(static_cast<double>(state.top) + std::log(state.sum));
    }
  }

  const Call& call_;
  const AttentionShape& shape_;
  const AttentionLoops<T>& loops_;
  ScoreRule<T> rule_;
  KeyBlocks blocks_;
  Panels<T> panels_;
  WideRows<T> values_;
};

void attention(const Call& call) {
  const AttentionShape shape = attention_shape(call, 0);
  call.expect_counts(call.input_count(), 2);
  const View &q = call.input(0), &y = call.output(0), &log_sums = call.output(1);
  call.expect(y.shape == Shape{shape.examples, shape.heads, shape.queries, shape.value_width} &&
                  log_sums.shape == Shape{shape.examples, shape.heads, shape.queries} &&
                  y.dtype == q.dtype && log_sums.dtype == q.dtype,
              "expected outputs [N, H, Tq, Dv] and [N, H, Tq]");
  if (log_sums.size == 0) return;
  dispatch_float(q.dtype, [&]<typename T>() { Forward<T>(call, shape).run(); });
}

PALIMPSEST_KERNEL("attention", attention);

}  // namespace
}  // namespace palimpsest
