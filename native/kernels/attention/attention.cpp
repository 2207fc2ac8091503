// attention: y = softmax(score(q k^T)) v for each example and head, and the logarithms of the sums under the
// softmax. The scores are never stored: tiles of queries go over the blocks of keys and keep the largest
// score so far and the sums relative to it, and are scaled when a larger one comes (Milakov and Gimelshein
// 2018; Dao et al. 2022).
//
// Roofline: arithmetic. Two multiply-adds for every pair of a query and a key that it sees and every number
// of their width, against one exponential (some 8 cycles for 16 of them) a pair. A tile computes scores up to
// the last key that any of its queries sees and no further: a causal block costs what it must.
#include <cmath>
#include <limits>

#include "attention_blocks.h"
#include "attention_loops.h"

namespace palimpsest {
namespace {

// Queries of a task, for which keys and values are packed once.
constexpr Index kTaskQueries = 384;

template <typename T>
class Forward {
 public:
  Forward(const Call& call, const AttentionShape& shape)
      : call_(call),
        shape_(shape),
        loops_(attention_loops().of<T>()),
        rule_{static_cast<T>(shape.scale), static_cast<T>(shape.cap)},
        blocks_{shape.prefix, shape.keys},
        step_(round_up(shape.value_width, micro_kernels<T>().lanes)) {}

  void run() {
    const product::Cut cut{shape_.queries, kTaskQueries};
    const std::size_t units = static_cast<std::size_t>(shape_.examples * shape_.heads * cut.count());
    const double work = static_cast<double>(std::min(kTaskQueries, shape_.queries)) / 16 *
                        static_cast<double>(shape_.keys) *
                        static_cast<double>(shape_.width + shape_.value_width);
    for_each_unit(call_.workers, units, work, [&](std::size_t unit) {
      const Index head = static_cast<Index>(unit) / cut.count();
      queries({head / shape_.heads, head % shape_.heads, cut[static_cast<Index>(unit) % cut.count()]});
    });
  }

 private:
  // Some queries of one head.
  struct Task {
    Index example, head;
    Range rows;
  };
  struct RowState {
    T top = -std::numeric_limits<T>::infinity();
    double sum = 0;
  };
  // A block of keys and their values, packed.
  struct Block {
    Range keys;
    const T* key_panels;
    const T* value_panels;
  };
  // A task's memory.
  struct Space {
    T* key_panels;
    T* value_panels;
    T* scores;
    T* sums;
    RowState* states;
  };

  void queries(const Task& task) const {
    const auto elements = [](Index a, Index b) {
      return checked_mul(static_cast<std::size_t>(a), static_cast<std::size_t>(b));
    };
    const Index longest = std::min(kKeyBlock, shape_.keys);
    const std::size_t key_part = panel_elements<T>(longest, shape_.width);
    const std::size_t value_part = panel_elements<T>(shape_.value_width, longest);
    const std::size_t score_part = elements(product::kMaxTileRows, kScoreStep);
    const std::size_t sum_part = elements(task.rows.size(), step_);
    const std::size_t all = checked_add(checked_add(key_part, value_part), checked_add(score_part, sum_part));
    const StoragePtr scratch = call_.scratch(checked_mul(all, sizeof(T)));
    T* const begin = elements_of<T>(scratch);
    RowState states[kTaskQueries];
    const Space space{begin, begin + key_part, begin + key_part + value_part,
                      begin + key_part + value_part + score_part, states};
    std::fill_n(space.sums, task.rows.size() * step_, T(0));
    for (Index b = 0; b < blocks_.count(); ++b) {
      if (shape_.meet(task.rows, blocks_[b])) block(task, blocks_[b], space);
    }
    finish(task, space);
  }

  void block(const Task& task, Range keys, const Space& space) const {
    const Index matrix = task.example * shape_.key_heads + task.head / shape_.group();
    const Index first = matrix * shape_.keys + keys.begin;
    pack_transposed(call_.input(1).as<T>() + first * shape_.width, keys.size(), shape_.width,
                    space.key_panels);
    pack_rows(call_.input(2).as<T>() + first * shape_.value_width, keys.size(), shape_.value_width,
              space.value_panels);
    const product::Slivers tiles{task.rows.size(), micro_kernels<T>().tile_rows};
    tiles.for_each([&](Index row, Index height, Index) {
      const Range rows{task.rows.begin + row, task.rows.begin + row + height};
      if (shape_.meet(rows, keys)) tile(task, rows, {keys, space.key_panels, space.value_panels}, space);
    });
  }

  // One tile of queries and one block of keys.
  void tile(const Task& task, Range rows, const Block& block, const Space& space) const {
    const Index columns = panel_columns<T>(), height = rows.size();
    const Index begin = shape_.seen(rows.begin, block.keys).begin / columns * columns;
    const Index end = shape_.seen(rows.end - 1, block.keys).end;
    const Index query = (task.example * shape_.heads + task.head) * shape_.queries + rows.begin;
    const T* q = call_.input(0).as<T>() + query * shape_.width;
    multiply_across<T>(q, shape_.width, true, height, block.key_panels + begin * shape_.width, shape_.width,
                       round_up(end - begin, micro_kernels<T>().lanes), shape_.width, space.scores + begin,
                       kScoreStep, product::Update::store);
    T* const sums = space.sums + (rows.begin - task.rows.begin) * step_;
    for (Index i = 0; i < height; ++i) {
      T* const row = space.scores + i * kScoreStep;
      const Range seen = shape_.seen(rows.begin + i, block.keys);
      std::fill(row + begin, row + std::max(begin, seen.begin), T(0));
      std::fill(row + seen.end, row + std::max(end, seen.end), T(0));
      if (seen.size() == 0) continue;
      const T* bias =
          shape_.bias_row<T>(task.example, task.head, rows.begin + i, block.keys.begin + seen.begin);
      weigh(seen.size(), row + seen.begin, bias, sums + i * step_,
            space.states[rows.begin - task.rows.begin + i]);
    }
    multiply_across<T>(space.scores + begin, kScoreStep, true, height, block.value_panels + begin * columns,
                       block.keys.size(), step_, end - begin, sums, step_, product::Update::add);
  }

  // Turns the products of a row into weights and brings what was summed before to the same top.
  void weigh(Index count, T* row, const T* bias, T* sums, RowState& state) const {
    const T before = state.top;
    const double sum = loops_.weights(static_cast<std::size_t>(count), row, bias, rule_, &state.top);
    if (state.top != before && state.sum != 0) {
      const T factor = std::exp(before - state.top);
      state.sum *= static_cast<double>(factor);
      loops_.scale(static_cast<std::size_t>(step_), sums, factor);
    }
    state.sum += sum;
  }

  // y = sums / sum; queries that see nothing give zeros, and 0 for the logarithm.
  void finish(const Task& task, const Space& space) const {
    const Index first = (task.example * shape_.heads + task.head) * shape_.queries + task.rows.begin;
    const Index width = shape_.value_width;
    T* const y = call_.output(0).as<T>() + first * width;
    T* const log_sums = call_.output(1).as<T>() + first;
    for (Index i = 0; i < task.rows.size(); ++i) {
      const RowState& state = space.states[i];
      const bool is_blind = state.sum == 0;
      const T factor = is_blind ? T(0) : static_cast<T>(1 / state.sum);
      loops_.scaled(static_cast<std::size_t>(width), space.sums + i * step_, factor, y + i * width);
      log_sums[i] = is_blind ? T(0) : static_cast<T>(static_cast<double>(state.top) + std::log(state.sum));
    }
  }

  const Call& call_;
  const AttentionShape& shape_;
  const AttentionLoops<T>& loops_;
  ScoreRule<T> rule_;
  KeyBlocks blocks_;
  Index step_;  // of a row of sums: whole vectors
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
