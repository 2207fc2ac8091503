#include "kernels/product/product.h"

#include <vector>

#include "core/checked.h"
#include "kernels/product/symmetric.h"

namespace palimpsest::product {
namespace {

// Elements of all chunks that one piece of their sum covers.
constexpr Index kCombineGrain = 1 << 16;

template <typename T>
StoragePtr scratch_of(const Call& call, Index elements) {
  return call.scratch(checked_mul(static_cast<std::size_t>(elements), sizeof(T)));
}

template <typename T>
T* elements(const StoragePtr& storage) {
  return reinterpret_cast<T*>(storage->data());
}

// One product in progress: what all its tasks share.
template <typename T>
class Run {
 public:
  Run(const Call& call, const Product<T>& product)
      : call_(call),
        product_(product),
        extents_(product.extents),
        squares_(product.reduction == Reduction::squares),
        plan_(plan_product<T>(extents_, squares_,
                              {product.a.packing_cost(false), product.b.packing_cost(true)},
                              call.workers.threads())),
        tallest_(squares_ && plan_.depth.parts() == 1 ? square_tile_rows<T>(extents_.steps)
                                                      : micro_kernels<T>().tile_rows),
        blocks_(product.symmetric ? blocks_of_triangle(extents_.rows, plan_, tallest_) : blocks_of(plan_)) {}

  void run() {
    pad_column_bias();
    const Index chunks = plan_.chunks.count();
    const bool direct = chunks == 1 && !product_.transposed;
    const Index size = extents_.batches * extents_.rows * extents_.columns;
    if (!direct) partial_ = scratch_of<T>(call_, chunks * size);
    const Index blocks = static_cast<Index>(blocks_.size());
    const Index groups = plan_.batches.count();
    call_.workers.parallel_for(static_cast<std::size_t>(chunks * groups * blocks), [&](std::size_t index) {
      const Index task = static_cast<Index>(index);
      const Index block = task % blocks;
      const Index group = task / blocks % groups;
      const Index chunk = task / blocks / groups;
      T* out = direct ? product_.out : elements<T>(partial_) + chunk * size;
      const auto& [rows, columns] = blocks_[static_cast<std::size_t>(block)];
      compute(plan_.batches[group], rows, columns, plan_.chunks[chunk], out);
    });
    if (!direct) combine(chunks);
    if (product_.symmetric) mirror_lower(call_.workers, product_.out, extents_.batches, extents_.rows);
  }

 private:
  // Tiles read the bias of whole tiles of columns.
  void pad_column_bias() {
    if (product_.column_bias == nullptr) return;
    padded_bias_.assign(static_cast<std::size_t>(extents_.columns + micro_kernels<T>().columns()), T(0));
    std::copy_n(product_.column_bias, extents_.columns, padded_bias_.begin());
  }

  void compute(Range batches, Range rows, Range columns, Range units, T* out) const {
    const Index deepest = plan_.depth.largest();
    const bool long_examples = squares_ && plan_.depth.parts() > 1;
    const bool shared = !squares_ && batches.size() > 1 && product_.a.repeats();
    const Index tall_rows = long_examples || shared ? rows.size() : std::min(rows.size(), kPanelRows);
    const Index size_a = product_.a.scratch_size(tall_rows, deepest);
    const Index size_b = product_.b.scratch_size(columns.size(), deepest);
    const Index aligned_a = round_up(size_a, 64), aligned_b = round_up(size_b, 64);
    const Index size_p = long_examples ? rows.size() * columns.size() : 0;
    const StoragePtr scratch = scratch_of<T>(call_, aligned_a + aligned_b + size_p);
    T* const panel_a = elements<T>(scratch);
    T* const panel_b = panel_a + aligned_a;
    if (shared) {
      accumulate_together(batches, rows, columns, units, panel_a, panel_b, out);
      return;
    }
    for (Index batch = batches.begin; batch < batches.end; ++batch) {
      T* c = out + (batch * extents_.rows + rows.begin) * extents_.columns + columns.begin;
      if (long_examples) {
        square_long_examples(rows, columns, units, panel_a, panel_b, panel_b + aligned_b, c);
      } else {
        accumulate(batch, rows, columns, units, panel_a, panel_b, c);
      }
    }
  }

  void accumulate(Index batch, Range rows, Range columns, Range units, T* panel_a, T* panel_b, T* c) const {
    if (squares_) clear(rows, columns, c, extents_.columns);
    for (Index d = units.begin; d < units.end; ++d) {
      DepthBlock depth = plan_.depth[d];
      depth.example += batch * extents_.examples;
      const Update update = d == units.begin ? Update::store : Update::add;
      const Panel<T> b = columns_panel(depth, rows, columns, panel_b);
      const Cut parts{rows.size(), kPanelRows};
      for (Index i = 0; i < parts.count(); ++i) {
        if (call_.workers.cancelled()) return;
        const Range part{rows.begin + parts[i].begin, rows.begin + parts[i].end};
        T* const to = c + parts[i].begin * extents_.columns;
        const Panel<T> a = rows_panel(depth, part, columns, 1, panel_a);
        const PanelProduct<T> job = job_of(a, b, depth, part, columns, to, extents_.columns);
        if (squares_) {
          square_panels(job);
        } else {
          multiply(job, batch, d, part.begin, columns.begin, update);
        }
      }
    }
  }

  // Several batches whose rows are the same, as the kernels of a convolution are: they are packed once.
  void accumulate_together(Range batches, Range rows, Range columns, Range units, T* panel_a, T* panel_b,
                           T* out) const {
    for (Index d = units.begin; d < units.end; ++d) {
      DepthBlock depth = plan_.depth[d];
      depth.example += batches.begin * extents_.examples;
      const Panel<T> a = rows_panel(depth, rows, columns, batches.size(), panel_a);
      for (Index batch = batches.begin; batch < batches.end; ++batch, depth.example += extents_.examples) {
        if (call_.workers.cancelled()) return;
        T* const c = out + (batch * extents_.rows + rows.begin) * extents_.columns + columns.begin;
        const Panel<T> b = columns_panel(depth, rows, columns, panel_b);
        const PanelProduct<T> job = job_of(a, b, depth, rows, columns, c, extents_.columns);
        multiply(job, batch, d, rows.begin, columns.begin, d == units.begin ? Update::store : Update::add);
      }
    }
  }

  // With the bias that the first block of depth starts from.
  void multiply(PanelProduct<T> job, Index batch, Index d, Index row, Index column, Update update) const {
    if (d == 0 && product_.row_bias != nullptr) {
      job.row_start = product_.row_bias + batch % product_.biased_batches * extents_.rows + row;
    }
    if (d == 0 && product_.column_bias != nullptr) job.column_start = padded_bias_.data() + column;
    multiply_panels(job, update);
  }

  // Examples longer than a block of depth: their sum is made in scratch, then squared.
  void square_long_examples(Range rows, Range columns, Range examples, T* panel_a, T* panel_b, T* sum,
                            T* c) const {
    clear(rows, columns, c, extents_.columns);
    for (Index example = examples.begin; example < examples.end; ++example) {
      if (call_.workers.cancelled()) return;
      for (Index part = 0; part < plan_.unit; ++part) {
        const DepthBlock depth = plan_.depth[example * plan_.unit + part];
        const Panel<T> a = rows_panel(depth, rows, columns, 1, panel_a);
        const Panel<T> b = columns_panel(depth, rows, columns, panel_b);
        multiply_panels(job_of(a, b, depth, rows, columns, sum, columns.size()),
                        part == 0 ? Update::store : Update::add);
      }
      for (Index i = 0; i < rows.size(); ++i) {
        const T* row = sum + i * columns.size();
        T* to = c + i * extents_.columns;
        for (Index j = 0; j < columns.size(); ++j) to[j] += row[j] * row[j];
      }
    }
  }

  Panel<T> columns_panel(const DepthBlock& depth, Range rows, Range columns, T* scratch) const {
    return product_.b.panel(depth, columns, column_slivers<T>(columns.size()), tall(rows).count(), scratch);
  }

  // Rows that serve so many batches.
  Panel<T> rows_panel(const DepthBlock& depth, Range rows, Range columns, Index batches, T* scratch) const {
    const Index uses = column_slivers<T>(columns.size()).count() * batches;
    return product_.a.panel(depth, rows, tall(rows), uses, scratch);
  }

  PanelProduct<T> job_of(const Panel<T>& a, const Panel<T>& b, const DepthBlock& depth, Range rows,
                         Range columns, T* c, Index c_step) const {
    const Slivers wide = column_slivers<T>(columns.size());
    PanelProduct<T> job{a, tall(rows), b, wide, depth, c, c_step, nullptr, nullptr, product_.kernels};
    if (product_.symmetric) job.diagonal = rows.begin - columns.begin;
    return job;
  }

  Slivers tall(Range rows) const { return {rows.size(), tallest_}; }

  static void clear(Range rows, Range columns, T* c, Index c_step) {
    for (Index i = 0; i < rows.size(); ++i) std::fill_n(c + i * c_step, columns.size(), T(0));
  }

  // Adds up the chunks in order of depth and writes the result, which may be transposed.
  void combine(Index chunks) const {
    const Index rows = extents_.batches * extents_.rows, columns = extents_.columns;
    const Index grain = round_up(1 + kCombineGrain / (columns * chunks), kSlack);
    const auto run = [&](std::size_t begin, std::size_t end) {
      combine_rows({static_cast<Index>(begin), static_cast<Index>(end)}, chunks);
    };
    call_.workers.parallel_range(static_cast<std::size_t>(rows), static_cast<std::size_t>(grain), run);
  }

  void combine_rows(Range range, Index chunks) const {
    const Index rows = extents_.batches * extents_.rows, columns = extents_.columns;
    T* const sum = elements<T>(partial_) + range.begin * columns;
    const Index size = range.size() * columns;
    if (product_.symmetric) return combine_triangle(range, chunks);
    for (Index chunk = 1; chunk < chunks; ++chunk) {
      const T* const part = sum + chunk * rows * columns;
      for (Index i = 0; i < size; ++i) sum[i] += part[i];
    }
    if (!product_.transposed) {
      std::copy_n(sum, size, product_.out + range.begin * columns);
      return;
    }
    // Whole vectors of rows only: the kernel would write past others.
    const Index whole = range.size() / micro_kernels<T>().lanes * micro_kernels<T>().lanes;
    T* const out = product_.out + range.begin;
    if (whole > 0) micro_kernels<T>().transpose(sum, columns, whole, columns, out, rows);
    for (Index i = whole; i < range.size(); ++i) {
      for (Index j = 0; j < columns; ++j) out[j * rows + i] = sum[i * columns + j];
    }
  }

  // The same for the elements up to the diagonal: no others have been computed.
  void combine_triangle(Range range, Index chunks) const {
    const Index n = extents_.rows, size = extents_.batches * n * n;
    for (Index row = range.begin; row < range.end; ++row) {
      T* const sum = elements<T>(partial_) + row * n;
      const Index count = row % n + 1;
      for (Index chunk = 1; chunk < chunks; ++chunk) {
        for (Index i = 0; i < count; ++i) sum[i] += sum[chunk * size + i];
      }
      std::copy_n(sum, count, product_.out + row * n);
    }
  }

  const Call& call_;
  const Product<T>& product_;
  const Extents& extents_;
  const bool squares_;
  const Plan plan_;
  const Index tallest_;
  const std::vector<OutputBlock> blocks_;
  std::vector<T> padded_bias_;
  StoragePtr partial_;
};

// The result of an empty sum: zero, or the bias.
template <typename T>
void fill_empty(const Product<T>& product) {
  const Extents& e = product.extents;
  for (Index row = 0; row < e.batches * e.rows; ++row) {
    for (Index column = 0; column < e.columns; ++column) {
      T value = 0;
      if (product.row_bias != nullptr) value = product.row_bias[row % (product.biased_batches * e.rows)];
      if (product.column_bias != nullptr) value = product.column_bias[column];
      product.out[row * e.columns + column] = value;
    }
  }
}

}  // namespace

template <typename T>
void run_product(const Call& call, const Product<T>& product) {
  const Extents& e = product.extents;
  if (e.batches == 0 || e.rows == 0 || e.columns == 0) return;
  if (e.examples == 0 || e.steps == 0) {
    fill_empty(product);
  } else {
    Run<T>(call, product).run();
  }
}

template <typename T>
void multiply_block(const Operand<T>& a, const Operand<T>& b, Index example, DepthCut depth, Range rows,
                    Range columns, T* scratch_a, T* scratch_b, T* c, Index c_step) {
  const Slivers tall{rows.size(), micro_kernels<T>().tile_rows};
  const Slivers wide = column_slivers<T>(columns.size());
  for (Index d = 0; d < depth.count(); ++d) {
    DepthBlock block = depth[d];
    block.example = example;
    const Panel<T> left = a.panel(block, rows, tall, wide.count(), scratch_a);
    const Panel<T> right = b.panel(block, columns, wide, tall.count(), scratch_b);
    multiply_panels(PanelProduct<T>{left, tall, right, wide, block, c, c_step},
                    d == 0 ? Update::store : Update::add);
  }
}

#define PALIMPSEST_INSTANTIATE(T)                                                                           \
  template void run_product(const Call& call, const Product<T>& product);                                   \
  template void multiply_block(const Operand<T>&, const Operand<T>&, Index, DepthCut, Range, Range, T*, T*, \
                               T*, Index);
PALIMPSEST_INSTANTIATE(float)
PALIMPSEST_INSTANTIATE(double)
#undef PALIMPSEST_INSTANTIATE

}  // namespace palimpsest::product
