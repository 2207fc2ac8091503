// Fourier transforms along an axis, not scaled: fft of complex [A, n, B, 2], rfft from real [A, n] to
// [A, n / 2 + 1, 2] and irfft back. Complex numbers are pairs of a real and an imaginary part.
#include <algorithm>
#include <cmath>

#include "core/kernel.h"
#include "kernels/fft/lane_transform.h"
#include "kernels/fft/transform.h"
#include "kernels/pieces.h"

namespace palimpsest {
namespace {

using fft::Index;
using fft::Transform;

// Transforms count in int, and one of a large prime length is computed through one of four times its length.
constexpr Index kLongest = Index{1} << 28;
// Columns that are gathered together, so that whole cache lines are used.
constexpr Index kColumns = 8;

// Runs body(transform, unit) for every unit, of which there is one at least; each piece has a copy of the
// transform.
template <typename T, typename Body>
void for_each_transform(const Call& call, Index units, Index length, double each, bool inverse,
                        const Body& body) {
  const double work = each * static_cast<double>(length) * std::log2(2 + static_cast<double>(length));
  const std::size_t count = static_cast<std::size_t>(units), grain = units_per_piece(work);
  Transform<T> transform(length, inverse);
  // The first one makes the tables that the copies begin with.
  body(transform, 0);
  call.workers.parallel_range(count - 1, grain, [&](std::size_t from, std::size_t to) {
    Transform<T> own(transform);
    for (std::size_t unit = from; unit < to; ++unit) body(own, static_cast<Index>(1 + unit));
  });
}

// Runs body(x, spare, unit) for every unit of work on lines that lie in the lanes of x; the body fills x in,
// and finds there or in `spare` what the plan made of it.
template <typename T, typename Body>
void for_each_group(const Call& call, Index units, Index length, const Body& body) {
  const std::size_t elements = static_cast<std::size_t>(length) * 2 * fft::kLines<T>;
  const double work = static_cast<double>(elements) * std::log2(2 + static_cast<double>(length)) / 8;
  call.workers.parallel_range(static_cast<std::size_t>(units), units_per_piece(work),
                              [&](std::size_t from, std::size_t to) {
                                const StoragePtr scratch = call.scratch(2 * elements * sizeof(T));
                                T* const x = reinterpret_cast<T*>(scratch->data());
                                std::fill(x, x + elements, T(0));
                                for (std::size_t unit = from; unit < to; ++unit) {
                                  body(x, x + elements, static_cast<Index>(unit));
                                }
                              });
}

// Lines of complex numbers: element j of line l of a unit is in[l * line_step + j * step].
template <typename T>
void transform_lines(const fft::LanePlan<T>& plan, const std::complex<T>* in, std::complex<T>* out,
                     Index length, Index lines, Index line_step, Index step, T* x, T* spare) {
  constexpr Index kLines = static_cast<Index>(fft::kLines<T>);
  // Along what lies side by side.
  if (step == 1) {
    for (Index l = 0; l < lines; ++l) {
      for (Index j = 0; j < length; ++j) {
        x[2 * j * kLines + l] = in[l * line_step + j].real();
        x[(2 * j + 1) * kLines + l] = in[l * line_step + j].imag();
      }
    }
  } else {
    for (Index j = 0; j < length; ++j) {
      for (Index l = 0; l < lines; ++l) {
        x[2 * j * kLines + l] = in[l * line_step + j * step].real();
        x[(2 * j + 1) * kLines + l] = in[l * line_step + j * step].imag();
      }
    }
  }
  const T* const y = plan.run(x, spare);
  const auto result = [&](Index l, Index j) {
    return std::complex<T>(y[2 * j * kLines + l], y[(2 * j + 1) * kLines + l]);
  };
  if (step == 1) {
    for (Index l = 0; l < lines; ++l) {
      for (Index j = 0; j < length; ++j) out[l * line_step + j] = result(l, j);
    }
  } else {
    for (Index j = 0; j < length; ++j) {
      for (Index l = 0; l < lines; ++l) out[l * line_step + j * step] = result(l, j);
    }
  }
}

// Real lines of n = 2 h numbers are lines of h complex ones: with Z their transform and w = e^(-2 pi i / n),
// X[k] = E + w^k O for 2 E = Z[k] + conj Z[h - k] and 2 i O = Z[k] - conj Z[h - k]. Lines of odd length get
// imaginary parts of zero.
template <typename T>
class RealLines {
 public:
  RealLines(Index length, bool inverse)
      : length_(length), half_(length / 2), even_(length % 2 == 0), plan_(even_ ? half_ : length, inverse) {
    for (Index k = 0; even_ && k <= half_; ++k) {
      const double angle = -2 * 3.14159265358979323846 * static_cast<double>(k) / static_cast<double>(length);
      turns_.emplace_back(static_cast<T>(std::cos(angle)), static_cast<T>(std::sin(angle)));
    }
  }

  void forward(const T* in, std::complex<T>* out, Index lines, T* x, T* spare) const {
    const Index pair = even_ ? 2 : 1;
    for (Index l = 0; l < lines; ++l) {
      for (Index j = 0; j < length_ / pair; ++j) {
        x[re(j, l)] = in[l * length_ + pair * j];
        x[im(j, l)] = even_ ? in[l * length_ + pair * j + 1] : T(0);
      }
    }
    const T* const z = plan_.run(x, spare);
    for (Index k = 0; k <= half_; ++k) {
      const Index here = even_ ? k % half_ : k, mirrored = even_ ? (half_ - k) % half_ : k;
      const std::complex<T> turn = even_ ? turns_[static_cast<std::size_t>(k)] : std::complex<T>();
      for (Index l = 0; l < lines; ++l) {
        const T a = z[re(here, l)], b = z[im(here, l)], c = z[re(mirrored, l)], d = -z[im(mirrored, l)];
        const T odd_re = (b - d) / 2, odd_im = (c - a) / 2;
        out[l * (half_ + 1) + k] =
            even_ ? std::complex<T>((a + c) / 2 + odd_re * turn.real() - odd_im * turn.imag(),
                                    (b + d) / 2 + odd_re * turn.imag() + odd_im * turn.real())
                  : std::complex<T>(a, b);
      }
    }
  }

  void backward(const std::complex<T>* in, T* out, Index lines, T* x, T* spare) const {
    for (Index l = 0; l < lines; ++l) {
      const std::complex<T>* const line = in + l * (half_ + 1);
      if (even_) {
        fold(line, x + l);
      } else {
        unfold(line, x + l);
      }
    }
    const T* const z = plan_.run(x, spare);
    const Index pair = even_ ? 2 : 1;
    for (Index l = 0; l < lines; ++l) {
      for (Index j = 0; j < length_ / pair; ++j) {
        out[l * length_ + pair * j] = z[re(j, l)];
        if (even_) out[l * length_ + pair * j + 1] = z[im(j, l)];
      }
    }
  }

 private:
  static constexpr Index kLines = static_cast<Index>(fft::kLines<T>);
  static Index re(Index j, Index line) { return 2 * j * kLines + line; }
  static Index im(Index j, Index line) { return (2 * j + 1) * kLines + line; }

  // Z[k] = 2 E + 2 i O; the imaginary parts of the ends do not matter.
  void fold(const std::complex<T>* line, T* x) const {
    const auto at = [&](Index k) {
      return std::complex<T>(line[k].real(), k == 0 || k == half_ ? T(0) : line[k].imag());
    };
    for (Index k = 0; k < half_; ++k) {
      const std::complex<T> a = at(k), b = at(half_ - k), turn = turns_[static_cast<std::size_t>(k)];
      const T less_re = a.real() - b.real(), less_im = a.imag() + b.imag();
      const T odd_re = less_re * turn.real() + less_im * turn.imag();
      const T odd_im = less_im * turn.real() - less_re * turn.imag();
      x[re(k, 0)] = a.real() + b.real() - odd_im;
      x[im(k, 0)] = a.imag() - b.imag() + odd_re;
    }
  }

  void unfold(const std::complex<T>* line, T* x) const {
    x[re(0, 0)] = line[0].real();
    x[im(0, 0)] = 0;
    for (Index k = 1; k <= half_; ++k) {
      x[re(k, 0)] = x[re(length_ - k, 0)] = line[k].real();
      x[im(k, 0)] = line[k].imag();
      x[im(length_ - k, 0)] = -line[k].imag();
    }
  }

  Index length_, half_;
  bool even_;
  fft::LanePlan<T> plan_;
  std::vector<std::complex<T>> turns_;
};

// Transforms columns [column, column + count) of one matrix [n, B].
template <typename T>
void transform_columns(Transform<T>& transform, const std::complex<T>* x, Index length, Index width,
                       Index count, std::complex<T>* y) {
  std::vector<std::complex<T>> columns(static_cast<std::size_t>(length * count)), results(columns.size());
  for (Index j = 0; j < length; ++j) {
    for (Index c = 0; c < count; ++c) columns[static_cast<std::size_t>(c * length + j)] = x[j * width + c];
  }
  for (Index c = 0; c < count; ++c) transform.run(columns.data() + c * length, results.data() + c * length);
  for (Index j = 0; j < length; ++j) {
    for (Index c = 0; c < count; ++c) y[j * width + c] = results[static_cast<std::size_t>(c * length + j)];
  }
}

void fourier(const Call& call) {
  call.expect_counts(1, 1);
  call.expect(call.attributes().size() == 1, "one attribute expected");
  const View &x = call.input(0), &y = call.output(0);
  call.expect(x.rank() == 4 && y.shape == x.shape && x.dim(3) == 2, "expected [A, n, B, 2] in and out");
  const bool inverse = call.integer(0, 0, 1) == 1;
  if (x.size == 0) return;
  const Index length = x.dim(1), width = x.dim(2);
  call.expect(length <= kLongest, "the transform is too long");
  dispatch_float(x.dtype, [&]<typename T>() {
    const auto* in = reinterpret_cast<const std::complex<T>*>(x.as<T>());
    auto* out = reinterpret_cast<std::complex<T>*>(y.as<T>());
    const Index lines_at_once = static_cast<Index>(fft::kLines<T>);
    if (fft::is_for_lanes(length, width == 1 ? x.dim(0) : width)) {
      const fft::LanePlan<T> plan(length, inverse);
      const Index all = width == 1 ? x.dim(0) : width, groups = (all + lines_at_once - 1) / lines_at_once;
      for_each_group<T>(
          call, (width == 1 ? 1 : x.dim(0)) * groups, length, [&](T* lanes, T* spare, Index unit) {
            const Index line = unit % groups * lines_at_once, count = std::min(lines_at_once, all - line);
            const Index line_step = width == 1 ? length : 1;
            const Index at = unit / groups * length * width + line * line_step;
            transform_lines(plan, in + at, out + at, length, count, line_step, width, lanes, spare);
          });
      return;
    }
    if (width == 1) {
      for_each_transform<T>(call, x.dim(0), length, 1, inverse, [&](Transform<T>& transform, Index row) {
        transform.run(in + row * length, out + row * length);
      });
      return;
    }
    const Index blocks = (width + kColumns - 1) / kColumns;
    for_each_transform<T>(
        call, x.dim(0) * blocks, length, kColumns, inverse, [&](Transform<T>& transform, Index unit) {
          const Index column = unit % blocks * kColumns;
          const Index at = unit / blocks * length * width + column;
          transform_columns(transform, in + at, length, width, std::min(kColumns, width - column), out + at);
        });
  });
}

void fourier_of_real(const Call& call) {
  call.expect_counts(1, 1);
  const View &x = call.input(0), &y = call.output(0);
  call.expect(x.rank() == 2 && x.dim(1) >= 1 && y.shape == Shape{x.dim(0), x.dim(1) / 2 + 1, 2},
              "expected x [A, n] and out [A, n / 2 + 1, 2]");
  const Index length = x.dim(1), half = length / 2 + 1;
  call.expect(length <= kLongest, "the transform is too long");
  if (x.size == 0) return;
  dispatch_float(x.dtype, [&]<typename T>() {
    const T* in = x.as<T>();
    auto* out = reinterpret_cast<std::complex<T>*>(y.as<T>());
    if (fft::is_for_lanes(length, x.dim(0))) {
      const RealLines<T> transform(length, false);
      const Index at_once = static_cast<Index>(fft::kLines<T>), lines = x.dim(0);
      for_each_group<T>(call, (lines + at_once - 1) / at_once, length, [&](T* lanes, T* spare, Index unit) {
        const Index line = unit * at_once;
        transform.forward(in + line * length, out + line * half, std::min(at_once, lines - line), lanes,
                          spare);
      });
      return;
    }
    for_each_transform<T>(call, x.dim(0), length, 1, false, [&](Transform<T>& transform, Index row) {
      transform.run_real(in + row * length, out + row * half);
    });
  });
}

void fourier_to_real(const Call& call) {
  call.expect_counts(1, 1);
  const View &x = call.input(0), &y = call.output(0);
  call.expect(y.rank() == 2 && y.dim(1) >= 1 && x.shape == Shape{y.dim(0), y.dim(1) / 2 + 1, 2},
              "expected x [A, n / 2 + 1, 2] and out [A, n]");
  const Index length = y.dim(1), half = length / 2 + 1;
  call.expect(length <= kLongest, "the transform is too long");
  if (y.size == 0) return;
  dispatch_float(x.dtype, [&]<typename T>() {
    const auto* in = reinterpret_cast<const std::complex<T>*>(x.as<T>());
    T* out = y.as<T>();
    if (fft::is_for_lanes(length, y.dim(0))) {
      const RealLines<T> transform(length, true);
      const Index at_once = static_cast<Index>(fft::kLines<T>), lines = y.dim(0);
      for_each_group<T>(call, (lines + at_once - 1) / at_once, length, [&](T* lanes, T* spare, Index unit) {
        const Index line = unit * at_once;
        transform.backward(in + line * half, out + line * length, std::min(at_once, lines - line), lanes,
                           spare);
      });
      return;
    }
    for_each_transform<T>(call, y.dim(0), length, 1, true, [&](Transform<T>& transform, Index row) {
      transform.run_to_real(in + row * half, out + row * length);
    });
  });
}

PALIMPSEST_KERNEL("fft", fourier);
PALIMPSEST_KERNEL("rfft", fourier_of_real);
PALIMPSEST_KERNEL("irfft", fourier_to_real);

}  // namespace
}  // namespace palimpsest
