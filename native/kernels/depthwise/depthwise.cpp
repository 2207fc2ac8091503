#include "kernels/depthwise/depthwise.h"

#include <algorithm>
#include <vector>

#include "core/checked.h"
#include "kernels/depthwise/tap_loops.h"
#include "kernels/pieces.h"

namespace palimpsest::depthwise {
namespace {

using product::ConvShape;
using product::Index;

// A plane with zeros around it, and room behind it for vectors that reach too far.
template <typename T>
class PaddedPlane {
 public:
  PaddedPlane(const Call& call, Index height, Index width, Index top, Index left, Index padded_height,
              Index padded_width)
      : height_(height), width_(width), step_(padded_width), first_(top * padded_width + left) {
    const std::size_t size = static_cast<std::size_t>(padded_height * padded_width) + kTapSlack;
    storage_ = call.scratch(checked_mul(size, sizeof(T)));
    cells_ = reinterpret_cast<T*>(storage_->data());
    std::fill_n(cells_, size, T(0));
  }

  // The next plane in place of the one before: the zeros around it stay.
  const T* load(const T* plane) {
    for (Index y = 0; y < height_; ++y) std::copy_n(plane + y * width_, width_, cells_ + first_ + y * step_);
    return cells_;
  }

 private:
  Index height_, width_, step_, first_;
  StoragePtr storage_;
  T* cells_;
};

// Where the taps lie, seen from the corner of a window.
std::vector<std::ptrdiff_t> offsets_of(const ConvShape& conv, Index step) {
  std::vector<std::ptrdiff_t> offsets;
  for (Index i = 0; i < conv.down.kernel; ++i) {
    for (Index j = 0; j < conv.across.kernel; ++j) {
      const Index offset = i * conv.down.dilation * step + j * conv.across.dilation;
      offsets.push_back(static_cast<std::ptrdiff_t>(offset));
    }
  }
  return offsets;
}

// The steps that so many planes of one channel take: a vector of neighbours makes one.
double work_of(const ConvShape& conv, Index planes) {
  constexpr double kNeighbours = 8;
  return static_cast<double>(planes) * static_cast<double>(conv.positions() * conv.outputs) *
         static_cast<double>(conv.taps()) / kNeighbours;
}

// Runs body(begin, end) for pieces of `count` planes.
template <typename Body>
void for_planes(const Call& call, const ConvShape& conv, Index count, const Body& body) {
  const double work = work_of(conv, 1);
  call.workers.parallel_range(static_cast<std::size_t>(count), units_per_piece(work),
                              [&](std::size_t begin, std::size_t end) {
                                body(static_cast<Index>(begin), static_cast<Index>(end));
                              });
}

}  // namespace

bool applies(const ConvShape& conv) {
  return conv.channels == 1 && conv.groups > 1 && conv.across.stride == 1 && conv.down.stride == 1 &&
         !conv.empty() && conv.height > 0 && conv.width > 0;
}

template <typename T>
void forward(const Call& call, const ConvShape& conv, const T* x, const T* w, const T* bias, T* y) {
  const Index taps = conv.taps();
  const std::vector<std::ptrdiff_t> offsets = offsets_of(conv, conv.padded_width());
  for_planes(call, conv, conv.examples, [&](Index begin, Index end) {
    PaddedPlane<T> padded(call, conv.height, conv.width, conv.down.pad, conv.across.pad, conv.padded_height(),
                          conv.padded_width());
    for (Index plane = begin; plane < end; ++plane) {
      const T* cells = padded.load(x + plane * conv.image());
      for (Index o = 0; o < conv.outputs; ++o) {
        const Index kernel = plane % conv.groups * conv.outputs + o;
        tap_loops().of<T>().correlate(cells, conv.padded_width(), offsets.data(), w + kernel * taps,
                                      static_cast<std::size_t>(taps), bias == nullptr ? T(0) : bias[kernel],
                                      static_cast<std::size_t>(conv.out_height),
                                      static_cast<std::size_t>(conv.out_width),
                                      y + (plane * conv.outputs + o) * conv.positions());
      }
    }
  });
}

// dx[h, w] = sum_(i, j) w[i, j] g[h + pad - i dilation, w + pad - j dilation]: a correlation with the window
// turned round, over the gradient with margins so wide that every cell sees all of its windows.
template <typename T>
void input_grad(const Call& call, const ConvShape& conv, const T* g, const T* w, T* dx) {
  const Index taps = conv.taps();
  const Index reach_down = (conv.down.kernel - 1) * conv.down.dilation;
  const Index reach_across = (conv.across.kernel - 1) * conv.across.dilation;
  const Index height = conv.padded_height() + reach_down, width = conv.padded_width() + reach_across;
  const std::vector<std::ptrdiff_t> offsets = offsets_of(conv, width);
  for_planes(call, conv, conv.examples, [&](Index begin, Index end) {
    PaddedPlane<T> padded(call, conv.out_height, conv.out_width, reach_down, reach_across, height, width);
    std::vector<T> turned(static_cast<std::size_t>(taps));
    std::vector<T> sum(conv.outputs > 1 ? static_cast<std::size_t>(conv.image()) : 0);
    for (Index plane = begin; plane < end; ++plane) {
      T* const out = dx + plane * conv.image();
      for (Index o = 0; o < conv.outputs; ++o) {
        const T* cells = padded.load(g + (plane * conv.outputs + o) * conv.positions());
        const T* kernel = w + (plane % conv.groups * conv.outputs + o) * taps;
        std::reverse_copy(kernel, kernel + taps, turned.begin());
        T* const target = o == 0 ? out : sum.data();
        tap_loops().of<T>().correlate(cells + conv.down.pad * width + conv.across.pad, width, offsets.data(),
                                      turned.data(), static_cast<std::size_t>(taps), T(0),
                                      static_cast<std::size_t>(conv.height),
                                      static_cast<std::size_t>(conv.width), target);
        for (std::size_t i = 0; o > 0 && i < sum.size(); ++i) out[i] += sum[i];
      }
    }
  });
}

template <typename T>
void weight_grad(const Call& call, const ConvShape& conv, const T* x, const T* g, T* dw) {
  const Index taps = conv.taps(), images = conv.examples / conv.groups;
  const std::vector<std::ptrdiff_t> offsets = offsets_of(conv, conv.padded_width());
  const double work = work_of(conv, images);
  call.workers.parallel_range(
      static_cast<std::size_t>(conv.groups), units_per_piece(work), [&](std::size_t begin, std::size_t end) {
        PaddedPlane<T> padded(call, conv.height, conv.width, conv.down.pad, conv.across.pad,
                              conv.padded_height(), conv.padded_width());
        std::vector<double> sums(static_cast<std::size_t>(conv.outputs * taps));
        for (Index group = static_cast<Index>(begin); group < static_cast<Index>(end); ++group) {
          std::fill(sums.begin(), sums.end(), 0.0);
          for (Index n = 0; n < images && !call.workers.cancelled(); ++n) {
            const Index plane = n * conv.groups + group;
            const T* cells = padded.load(x + plane * conv.image());
            for (Index o = 0; o < conv.outputs; ++o) {
              tap_loops().of<T>().products(cells, conv.padded_width(), offsets.data(),
                                           static_cast<std::size_t>(taps),
                                           g + (plane * conv.outputs + o) * conv.positions(),
                                           static_cast<std::size_t>(conv.out_height),
                                           static_cast<std::size_t>(conv.out_width), sums.data() + o * taps);
            }
          }
          std::copy(sums.begin(), sums.end(), dw + group * conv.outputs * taps);
        }
      });
}

#define PALIMPSEST_INSTANTIATE(T)                                                            \
  template void forward(const Call&, const ConvShape&, const T*, const T*, const T*, T*);   \
  template void input_grad(const Call&, const ConvShape&, const T*, const T*, T*);          \
  template void weight_grad(const Call&, const ConvShape&, const T*, const T*, T*);
PALIMPSEST_INSTANTIATE(float)
PALIMPSEST_INSTANTIATE(double)
#undef PALIMPSEST_INSTANTIATE

}  // namespace palimpsest::depthwise
