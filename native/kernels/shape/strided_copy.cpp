#include "strided_copy.h"

#include <algorithm>
#include <cstring>

#include "kernels/pieces.h"
#include "transpose_panel.h"

namespace palimpsest {
namespace {

// Rows longer than this are cut, so that a copy of one row is parallel and can be cancelled.
constexpr std::int64_t kLongestRun = 32768;
// The same for the rows of a panel.
constexpr std::int64_t kLongestPanel = 2048;

std::vector<CopyAxis> merged(const std::vector<CopyAxis>& axes) {
  std::vector<CopyAxis> result;
  for (const CopyAxis& axis : axes) {
    if (axis.extent == 1) continue;
    if (!result.empty()) {
      CopyAxis& outer = result.back();
      if (outer.from == axis.from * axis.extent && outer.to == axis.to * axis.extent) {
        outer = {outer.extent * axis.extent, axis.from, axis.to};
        continue;
      }
    }
    result.push_back(axis);
  }
  return result;
}

// Walks the index space of some axes in row-major order and keeps both offsets.
class Odometer {
 public:
  Odometer(const std::vector<CopyAxis>& axes, std::int64_t index) : axes_(axes), at_(axes.size()) {
    for (std::size_t k = axes.size(); k-- > 0;) {
      at_[k] = index % axes[k].extent;
      index /= axes[k].extent;
      from += at_[k] * axes[k].from;
      to += at_[k] * axes[k].to;
    }
  }

  void advance() {
    for (std::size_t k = axes_.size(); k-- > 0;) {
      from += axes_[k].from;
      to += axes_[k].to;
      if (++at_[k] < axes_[k].extent) return;
      from -= axes_[k].from * axes_[k].extent;
      to -= axes_[k].to * axes_[k].extent;
      at_[k] = 0;
    }
  }

  std::int64_t from = 0;
  std::int64_t to = 0;

 private:
  const std::vector<CopyAxis>& axes_;
  std::vector<std::int64_t> at_;
};

template <typename Unit>
void copy_run(const CopyAxis& run, const Unit* from, Unit* to) {
  if (run.to == 1 && run.from == 1) {
    std::memcpy(to, from, static_cast<std::size_t>(run.extent) * sizeof(Unit));
  } else if (run.to == 1 && run.from == 0) {
    std::fill(to, to + run.extent, *from);
  } else {
    for (std::int64_t i = 0; i < run.extent; ++i) to[i * run.to] = from[i * run.from];
  }
}

std::int64_t steps_of(const std::vector<CopyAxis>& axes) {
  std::int64_t product = 1;
  for (const CopyAxis& axis : axes) product *= axis.extent;
  return product;
}

// Cuts `axis` into chunks of `length` (the last may be shorter) and calls body(length, from, to) for each
// chunk at each index of the outer axes.
template <typename Unit, typename F>
void for_each_chunk(const Workers& workers, const std::vector<CopyAxis>& outer, const CopyAxis& axis,
                    std::int64_t length, double work, const Unit* from, Unit* to, const F& body) {
  const std::int64_t chunks = (axis.extent + length - 1) / length;
  const auto units = static_cast<std::size_t>(steps_of(outer) * chunks);
  workers.parallel_range(units, units_per_piece(work), [&](std::size_t begin, std::size_t end) {
    Odometer at(outer, static_cast<std::int64_t>(begin) / chunks);
    std::int64_t chunk = static_cast<std::int64_t>(begin) % chunks;
    for (std::size_t unit = begin; unit < end; ++unit) {
      const std::int64_t first = chunk * length;
      body(std::min(length, axis.extent - first), from + at.from + first * axis.from,
           to + at.to + first * axis.to);
      if (++chunk == chunks) {
        chunk = 0;
        at.advance();
      }
    }
  });
}

// The axis `side` is dense in `from`, the axis `run` in `to`: rows become columns.
template <typename Unit>
void copy_transposed(const Workers& workers, std::vector<CopyAxis> outer, const CopyAxis& side, CopyAxis run,
                     const Unit* from, Unit* to) {
  if (run.extent > kLongestPanel) {
    const std::int64_t whole = run.extent / kLongestPanel, rest = run.extent % kLongestPanel;
    if (rest > 0) {
      const std::int64_t done = whole * kLongestPanel;
      const CopyAxis tail{rest, run.from, run.to};
      copy_transposed(workers, outer, side, tail, from + done * run.from, to + done * run.to);
    }
    outer.insert(outer.begin(), {whole, run.from * kLongestPanel, run.to * kLongestPanel});
    run.extent = kLongestPanel;
  }
  const double work = static_cast<double>(run.extent) * static_cast<double>(std::min(side.extent, kPanel));
  for_each_chunk(workers, outer, side, kPanel, work, from, to,
                 [&](std::int64_t columns, const Unit* source, Unit* target) {
                   transpose_panel(run.extent, columns, source, run.from, target, side.to);
                 });
}

template <typename Unit>
void copy_all(const Workers& workers, std::vector<CopyAxis> axes, const Unit* from, Unit* to) {
  if (axes.empty()) axes.push_back({1, 1, 1});
  const CopyAxis run = axes.back();
  axes.pop_back();
  const auto side =
      std::find_if(axes.begin(), axes.end(), [](const CopyAxis& axis) { return axis.from == 1; });
  if (run.from != 0 && run.from != 1 && run.to == 1 && side != axes.end()) {
    const CopyAxis columns = *side;
    axes.erase(side);
    return copy_transposed(workers, axes, columns, run, from, to);
  }
  const double work = static_cast<double>(std::min(run.extent, kLongestRun));
  for_each_chunk(workers, axes, run, kLongestRun, work, from, to,
                 [&](std::int64_t length, const Unit* source, Unit* target) {
                   copy_run({length, run.from, run.to}, source, target);
                 });
}

}  // namespace

std::vector<std::int64_t> strides_of(const Shape& shape) {
  std::vector<std::int64_t> strides(shape.size());
  std::int64_t stride = 1;
  for (std::size_t k = shape.size(); k-- > 0;) {
    strides[k] = stride;
    stride *= shape[k];
  }
  return strides;
}

void strided_copy(const Workers& workers, std::size_t element, std::vector<CopyAxis> axes,
                  const std::byte* from, std::byte* to) {
  for (const CopyAxis& axis : axes) {
    if (axis.extent == 0) return;
  }
  dispatch_unit(element, [&]<typename Unit>() {
    copy_all(workers, merged(axes), reinterpret_cast<const Unit*>(from), reinterpret_cast<Unit*>(to));
  });
}

void fill(const Workers& workers, std::size_t element, std::int64_t n, const std::byte* value,
          std::byte* to) {
  strided_copy(workers, element, {{n, 0, 1}}, value, to);
}

}  // namespace palimpsest
