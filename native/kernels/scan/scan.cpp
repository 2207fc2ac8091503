// Running sums, products, extremes and recurrences along the middle axis of [outer, n, inner].
// Attributes: 1 to go from the end to the beginning.
#include <algorithm>
#include <limits>
#include <memory>

#include "core/kernel.h"
#include "kernels/pieces.h"
#include "steps.h"

namespace palimpsest {
namespace {

constexpr std::size_t kColumns = 128;
// Elements that one unit goes through, where there would be too few units for several threads otherwise.
constexpr std::size_t kBlockElements = 32768;
constexpr std::size_t kFewUnits = 16;
// No unit takes longer than this allows, however many there are.
constexpr std::size_t kMostElements = std::size_t{1} << 20;

// How the work is cut: columns of one outer index go together, and long axes are cut in blocks.
struct Cut {
  std::size_t n, inner, width, chunks, lines, block, blocks;

  explicit Cut(const View& x)
      : n(static_cast<std::size_t>(x.dim(1))),
        inner(static_cast<std::size_t>(x.dim(2))),
        width(std::min(inner, kColumns)),
        chunks((inner + width - 1) / width),
        lines(static_cast<std::size_t>(x.dim(0)) * chunks),
        block(n),
        blocks(1) {
    const std::size_t most = (lines < kFewUnits ? 2 * kBlockElements : kMostElements) / width;
    if (n <= most) return;
    block = std::max<std::size_t>(1, kBlockElements / width);
    blocks = (n + block - 1) / block;
  }
};

// One unit: some columns of a block.
struct Stretch {
  std::size_t first, width, begin, end;  // the first element's place; steps [begin, end) along the axis

  Stretch(const Cut& cut, std::size_t line, std::size_t block)
      : first(line / cut.chunks * cut.n * cut.inner + line % cut.chunks * cut.width),
        width(std::min(cut.width, cut.inner - line % cut.chunks * cut.width)),
        begin(block * cut.block),
        end(std::min(cut.n, begin + cut.block)) {}
};

template <typename T, typename Step>
class Scan {
 public:
  Scan(const Call& call, bool is_reverse) : call_(call), cut_(call.input(0)), is_reverse_(is_reverse) {
    for (std::size_t i = 0; i < Step::kInputs; ++i) in_[i] = call.input(i).as<T>();
    out_ = call.output(0).as<T>();
    if constexpr (Step::kOutputs == 2) second_ = call.output(1).template as<std::int32_t>();
  }

  void run() const {
    const double work = 2.0 * static_cast<double>(cut_.block) * static_cast<double>(cut_.width);
    if (cut_.blocks == 1) {
      for_each_unit(call_.workers, cut_.lines, work, [&](std::size_t line) {
        Step states[kColumns];
        go<true>(Stretch(cut_, line, 0), states);
      });
      return;
    }
    // What every block comes to by itself, then what lies before each, then the results.
    const std::size_t units = cut_.lines * cut_.blocks, count = units * cut_.width;
    const StoragePtr scratch = call_.scratch(count * sizeof(Step));
    Step* states = reinterpret_cast<Step*>(scratch->data());
    std::uninitialized_fill_n(states, count, Step());
    const auto at = [&](std::size_t unit) { return states + unit * cut_.width; };
    for_each_unit(call_.workers, units, work, [&](std::size_t unit) {
      go<false>(Stretch(cut_, unit / cut_.blocks, unit % cut_.blocks), at(unit));
    });
    for (std::size_t line = 0; line < cut_.lines; ++line) carry(at(line * cut_.blocks));
    for_each_unit(call_.workers, units, work, [&](std::size_t unit) {
      go<true>(Stretch(cut_, unit / cut_.blocks, unit % cut_.blocks), at(unit));
    });
  }

 private:
  // Turns what every block comes to into what comes before it.
  void carry(Step* states) const {
    for (std::size_t j = 0; j < cut_.width; ++j) {
      Step before;
      for (std::size_t b = 0; b < cut_.blocks; ++b) {
        Step& state = states[b * cut_.width + j];
        const Step own = state;
        state = before;
        Step next = own;
        next.follow(before);
        before = next;
      }
    }
  }

  template <bool writes>
  void go(const Stretch& s, Step* states) const {
    if (s.width == 1) {
      Step state = states[0];
      for (std::size_t i = s.begin; i < s.end; ++i) step<writes>(state, i, 0, s.first);
      states[0] = state;
      return;
    }
    for (std::size_t i = s.begin; i < s.end; ++i) {
      for (std::size_t j = 0; j < s.width; ++j) step<writes>(states[j], i, j, s.first);
    }
  }

  template <bool writes>
  void step(Step& state, std::size_t i, std::size_t j, std::size_t first) const {
    const std::size_t place = is_reverse_ ? cut_.n - 1 - i : i;
    const std::size_t at = first + place * cut_.inner + j;
    if constexpr (Step::kInputs == 2) {
      state.take(in_[0][at], in_[1][at], static_cast<std::int64_t>(place));
    } else {
      state.take(in_[0][at], static_cast<std::int64_t>(place));
    }
    if constexpr (writes) {
      out_[at] = state.result();
      if constexpr (Step::kOutputs == 2) second_[at] = state.second();
    }
  }

  const Call& call_;
  const Cut cut_;
  bool is_reverse_;
  const T* in_[2] = {nullptr, nullptr};
  T* out_ = nullptr;
  std::int32_t* second_ = nullptr;
};

template <template <typename> typename Step, bool takes_integers>
void scan(const Call& call) {
  constexpr std::size_t kInputs = Step<float>::kInputs, kOutputs = Step<float>::kOutputs;
  call.expect_counts(kInputs, kOutputs);
  call.expect(call.attributes().size() == 1, "one attribute expected");
  const bool is_reverse = call.integer(0, 0, 1) == 1;
  const View& x = call.input(0);
  call.expect(x.rank() == 3, "[outer, n, inner] expected");
  for (std::size_t i = 0; i < kInputs; ++i) call.expect(call.input(i).shape == x.shape, "one shape expected");
  for (std::size_t i = 0; i < kOutputs; ++i) {
    call.expect(call.output(i).shape == x.shape, "outputs of the input's shape expected");
  }
  call.expect(x.dim(1) <= std::numeric_limits<std::int32_t>::max(), "the axis is too long for int32 indices");
  const auto run = [&]<typename T>() {
    if (x.size > 0) Scan<T, Step<T>>(call, is_reverse).run();
  };
  if constexpr (takes_integers) {
    if (x.dtype == DType::int32) return run.template operator()<std::int32_t>();
    if (x.dtype == DType::int64) return run.template operator()<std::int64_t>();
  }
  dispatch_float(x.dtype, run);
}

template <template <typename> typename Step>
void scan_numbers(const Call& call) {
  scan<Step, true>(call);
}
template <template <typename> typename Step>
void scan_floats(const Call& call) {
  scan<Step, false>(call);
}

PALIMPSEST_KERNEL("cumsum", scan_numbers<CumSum>);
PALIMPSEST_KERNEL("cumprod", scan_numbers<CumProd>);
PALIMPSEST_KERNEL("cummax", scan_numbers<CumMax>);
PALIMPSEST_KERNEL("cummin", scan_numbers<CumMin>);
PALIMPSEST_KERNEL("logCumSumExp", scan_floats<LogCumSumExp>);
PALIMPSEST_KERNEL("linearScan", scan_floats<LinearScan>);

}  // namespace
}  // namespace palimpsest
