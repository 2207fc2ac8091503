#include "thin_product.h"

#include <algorithm>

#include "core/checked.h"
#include "core/half.h"
#include "kernels/pieces.h"
#include "thin_loops.h"

namespace palimpsest::thin {
namespace {

constexpr std::size_t kMostRows = kHeights[3];
// Below this many elements of the large side everything is in cache, and tiles do as well.
constexpr std::size_t kFewElements = 16384;

// One sum is made of steps of this many terms at most, which are then added in double precision.
constexpr std::size_t kAddedTerms = 512;         // one after the other
constexpr std::size_t kMultipliedTerms = 4096;   // in the lanes of a vector,
constexpr std::size_t kMultipliedBytes = 32768;  // as long as all rows of the thin side fit the first cache
// Columns that are added to at once: with all rows of the result they stay in the first cache.
constexpr std::size_t kAddedBytes = 16384;
constexpr std::size_t kMultipliedRows = 64;

std::size_t ceil_div(std::size_t a, std::size_t b) { return (a + b - 1) / b; }

// The product as thin [height, depth] times large, whichever side each of them was.
template <typename T, typename E>
class ThinProduct {
 public:
  ThinProduct(const Call& call, const Matrices<T, E>& m)
      : call_(call),
        m_(m),
        left_is_thin_(m.rows <= kMostRows && (m.rows <= m.columns || m.columns > kMostRows)),
        thin_rows_(left_is_thin_ ? m.rows : m.columns),
        width_(left_is_thin_ ? m.columns : m.rows),
        kind_(static_cast<std::size_t>(std::lower_bound(kHeights, kHeights + 3, thin_rows_) - kHeights)),
        height_(kHeights[kind_]),
        // The large side lies with its depth along rows unless it is b as it is, or a transposed.
        along_rows_(left_is_thin_ ? m.b_transposed : !m.a_transposed),
        columns_(std::min(width_, along_rows_ ? kMultipliedRows : kAddedBytes / sizeof(T) / height_)),
        blocks_(ceil_div(width_, columns_)),
        chunks_(std::max<std::size_t>(1, ceil_div(m.depth, along_rows_ ? terms_multiplied() : kAddedTerms))),
        chunk_(ceil_div(m.depth, chunks_)),
        thin_step_(ceil_div(chunk_, kLine) * kLine + kLine),
        part_step_(columns_ + kLine),
        thin_(scratch(checked_mul(m.batches, chunks_ * height_ * thin_step_))),
        partial_(scratch(checked_mul(checked_mul(m.batches, chunks_), blocks_ * height_ * part_step_))) {}

  void run() const {
    pack();
    const double work = static_cast<double>(chunk_) * static_cast<double>(std::min(columns_, width_));
    for_each_unit(call_.workers, m_.batches * chunks_ * blocks_, work, [&](std::size_t unit) {
      multiply_block(unit / blocks_ / chunks_, unit / blocks_ % chunks_, unit % blocks_);
    });
    const double sums = static_cast<double>(columns_ * thin_rows_) * static_cast<double>(chunks_);
    for_each_unit(call_.workers, m_.batches * blocks_, sums,
                  [&](std::size_t unit) { combine(unit / blocks_, unit % blocks_); });
  }

 private:
  static constexpr std::size_t kStrip = 256;  // columns of which the chunks are added at once
  // One cache line more than needed: rows a power of two apart would lie in one set of the cache.
  static constexpr std::size_t kLine = 64 / sizeof(T);

  std::size_t terms_multiplied() const {
    return std::min(kMultipliedTerms, kMultipliedBytes / sizeof(T) / height_);
  }

  StoragePtr scratch(std::size_t elements) const { return call_.scratch(checked_mul(elements, sizeof(T))); }
  static T* elements(const StoragePtr& storage) { return reinterpret_cast<T*>(storage->data()); }

  // The thin side as [height, chunk] for every batch and chunk of depth, with rows of zeros below.
  void pack() const {
    const E* const from = left_is_thin_ ? m_.a : m_.b;
    const std::size_t batch_step = left_is_thin_ ? m_.a_batch_step : m_.b_batch_step;
    const bool as_it_lies = left_is_thin_ ? !m_.a_transposed : m_.b_transposed;
    const std::size_t row_step = as_it_lies ? m_.depth : 1, depth_step = as_it_lies ? 1 : thin_rows_;
    const double work = static_cast<double>(chunk_) * static_cast<double>(height_);
    for_each_unit(call_.workers, m_.batches * chunks_, work, [&](std::size_t unit) {
      const std::size_t batch = unit / chunks_, first = unit % chunks_ * chunk_;
      const std::size_t last = std::min(m_.depth, first + chunk_);
      T* const to = thin(batch, unit % chunks_);
      std::fill(to, to + height_ * thin_step_, T(0));
      for (std::size_t i = 0; i < thin_rows_; ++i) {
        const E* const row = from + batch * batch_step + i * row_step;
        T* const packed = to + i * thin_step_;
        for (std::size_t k = first; k < last; ++k) packed[k - first] = number(row[k * depth_step]);
      }
    });
  }

  void multiply_block(std::size_t batch, std::size_t chunk, std::size_t block) const {
    const std::size_t first = chunk * chunk_, last = std::min(m_.depth, first + chunk_);
    T* const out = part(batch, chunk, block);
    if (!along_rows_ || first >= last) std::fill(out, out + height_ * part_step_, T(0));
    if (first >= last) return;
    const std::size_t column = block * columns_;
    const E* const large = left_is_thin_ ? m_.b + batch * m_.b_batch_step : m_.a + batch * m_.a_batch_step;
    const std::size_t large_step = along_rows_ ? m_.depth : width_;
    const std::size_t start = along_rows_ ? column * large_step + first : first * large_step + column;
    const ThinLoops<T, E>& loops = thin_loops<T, E>();
    (along_rows_ ? loops.multiply_rows : loops.add_rows)[kind_](
        {thin(batch, chunk), thin_step_, large + start, large_step, last - first,
         std::min(columns_, width_ - column), out, part_step_});
  }

  static T number(E element) {
    if constexpr (is_half<E>) {
      return to_float(element);
    } else {
      return element;
    }
  }

  // [height, thin_step_]
  T* thin(std::size_t batch, std::size_t chunk) const {
    return elements(thin_) + (batch * chunks_ + chunk) * height_ * thin_step_;
  }

  // [height, part_step_]
  T* part(std::size_t batch, std::size_t chunk, std::size_t block) const {
    return elements(partial_) + ((batch * chunks_ + chunk) * blocks_ + block) * height_ * part_step_;
  }

  // Adds up the chunks of some columns.
  void combine(std::size_t batch, std::size_t block) const {
    const std::size_t column = block * columns_, width = std::min(columns_, width_ - column);
    T* const out = m_.out + batch * m_.rows * m_.columns;
    double sums[kStrip];
    for (std::size_t i = 0; i < thin_rows_; ++i) {
      for (std::size_t strip = 0; strip < width; strip += kStrip) {
        const std::size_t count = std::min(kStrip, width - strip);
        std::fill(sums, sums + count, 0.0);
        for (std::size_t chunk = 0; chunk < chunks_; ++chunk) {
          const T* const from = part(batch, chunk, block) + i * part_step_ + strip;
          for (std::size_t j = 0; j < count; ++j) sums[j] += static_cast<double>(from[j]);
        }
        for (std::size_t j = 0; j < count; ++j) {
          const std::size_t at = column + strip + j;
          const std::size_t out_row = left_is_thin_ ? i : at, out_column = left_is_thin_ ? at : i;
          const T bias = m_.bias == nullptr ? T(0) : m_.bias[out_column];
          out[out_row * m_.columns + out_column] = static_cast<T>(sums[j] + static_cast<double>(bias));
        }
      }
    }
  }

  const Call& call_;
  const Matrices<T, E>& m_;
  bool left_is_thin_;
  std::size_t thin_rows_, width_;
  std::size_t kind_, height_;
  bool along_rows_;
  std::size_t columns_, blocks_, chunks_, chunk_, thin_step_, part_step_;
  StoragePtr thin_, partial_;
};

}  // namespace

bool is_thin(std::size_t rows, std::size_t columns, std::size_t depth) {
  if (std::min(rows, columns) == 0 || std::min(rows, columns) > kMostRows) return false;
  return static_cast<double>(std::max(rows, columns)) * static_cast<double>(depth) >=
         static_cast<double>(kFewElements);
}

template <typename T, typename E>
void multiply(const Call& call, const Matrices<T, E>& matrices) {
  if (matrices.batches > 0) ThinProduct<T, E>(call, matrices).run();
}

template void multiply(const Call& call, const Matrices<float>& matrices);
template void multiply(const Call& call, const Matrices<double>& matrices);
template void multiply(const Call& call, const Matrices<float, BFloat16>& matrices);
template void multiply(const Call& call, const Matrices<float, Float16>& matrices);

}  // namespace palimpsest::thin
