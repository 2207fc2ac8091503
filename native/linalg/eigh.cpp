// eigh: eigenvalues in ascending order [B, n] and eigenvectors [B, n, n], in the columns, of the symmetric
// part of each matrix of one or more inputs [B, n, n]. eigvalsh: the eigenvalues of one input alone.
#include <algorithm>
#include <limits>

#include "lapack.h"
#include "matrices.h"
#include "signs.h"

namespace palimpsest {
namespace {

// From here on the vectors are turned back by all threads, so many at a time.
constexpr std::size_t kLarge = 192;
constexpr std::size_t kVectors = 128;

// LAPACK's routines for tridiagonal matrices take products of squares; beyond the range where those are
// numbers, the matrix is scaled, by a power of two so that no digit is lost.
template <typename T>
T scale_of(const T* a, std::size_t size) {
  T largest = 0;
  for (std::size_t i = 0; i < size; ++i) largest = std::max(largest, std::abs(a[i]));
  const T low = std::sqrt(std::numeric_limits<T>::min() / std::numeric_limits<T>::epsilon());
  if (largest == 0 || (largest >= low && largest <= 1 / low)) return 1;
  return std::ldexp(T{1}, -std::ilogb(largest));
}

// Arrays for one matrix: a copy that becomes the tridiagonal form with its reflectors, the vectors of that,
// and LAPACK's own.
template <typename T>
struct Workspace {
  Workspace(const Call& call, std::size_t n, bool vectors)
      : reals(4 * n + n * n + std::max(vectors ? n * n : 0, n * 64) + 1),
        integers(3 + 5 * n),
        storage(call.scratch((reals + (vectors ? n * n : 0) + 2 * n) * sizeof(T) + integers * sizeof(int))) {
    z = reinterpret_cast<T*>(storage->data());
    e = z + (vectors ? n * n : 0);
    tau = e + n;
    work = tau + n;
    iwork = reinterpret_cast<int*>(work + reals);
  }

  std::size_t reals, integers;
  StoragePtr storage;
  T *z, *e, *tau, *work;
  int* iwork;
};

// Runs body(begin, end) for pieces of [0, n), the same pieces whoever runs them: on all threads for a large matrix
// that has them for itself.
template <typename Body>
void divide(const Call& call, bool alone, std::size_t n, std::size_t grain, Body&& body) {
  if (n < kLarge) return body(0, n);
  if (alone) return call.workers.parallel_range(n, grain, body);
  for (std::size_t begin = 0; begin < n; begin += grain) body(begin, std::min(n, begin + grain));
}

// The vectors of the tridiagonal form times the reflectors, in pieces that bring their own work array.
template <typename T>
void turn_back(const Call& call, bool alone, const T* a, const T* tau, T* z, std::size_t n) {
  const int order = static_cast<int>(n);
  divide(call, alone, n, kVectors, [&](std::size_t begin, std::size_t end) {
    const BlasPermit permit;
    const std::size_t size = (end - begin) * 64 + 65 * 64;
    const StoragePtr work = call.scratch(size * sizeof(T));
    lapack::ormtr(order, static_cast<int>(end - begin), a, order, tau, z + begin * n, order,
                  reinterpret_cast<T*>(work->data()), static_cast<int>(size));
  });
}

// Row i of y is column i of z with its sign fixed; z is by columns, so the vectors lie one after the other.
template <typename T>
void write_vectors(const Call& call, bool alone, T* z, std::size_t n, T* y) {
  constexpr std::size_t kRows = 32;
  divide(call, alone, n, kRows, [&](std::size_t begin, std::size_t end) {
    for (std::size_t k = begin; k < end; ++k) {
      if (sign_of_largest(z + k * n, n, 1) < 0) scale_vector(z + k * n, n, 1, T{-1});
    }
  });
  divide(call, alone, n, kRows, [&](std::size_t begin, std::size_t end) {
    for (std::size_t k0 = 0; k0 < n; k0 += kRows) {
      for (std::size_t i = begin; i < end; ++i) {
        for (std::size_t k = k0; k < std::min(n, k0 + kRows); ++k) y[i * n + k] = z[k * n + i];
      }
    }
  });
}

// `a` holds the matrix and is destroyed. Without `y` only the values are computed.
template <typename T>
int decompose(const Call& call, bool alone, std::size_t n, T* a, T* w, T* y) {
  Workspace<T> space(call, n, y != nullptr);
  const T scale = scale_of(a, n * n);
  if (scale != 1) scale_vector(a, n * n, 1, scale);
  const int order = static_cast<int>(n), reals = static_cast<int>(space.reals);
  {
    const BlasPermit permit;
    lapack::sytrd(order, a, order, w, space.e, space.tau, space.work, reals);
    if (call.workers.cancelled()) throw Error("ERR_ABORTED", "the evaluation was aborted");
    const int info = y == nullptr ? lapack::sterf(order, w, space.e)
                                  : lapack::stedc(order, w, space.e, space.z, order, space.work, reals,
                                                  space.iwork, static_cast<int>(space.integers));
    if (info != 0) return info;
  }
  if (scale != 1) scale_vector(w, n, 1, 1 / scale);
  if (y == nullptr) return 0;
  turn_back(call, alone, a, space.tau, space.z, n);
  write_vectors(call, alone, space.z, n, y);
  return 0;
}

Error no_convergence(int) {
  return Error("ERR_NO_CONVERGENCE", "the iteration for the eigenvalues did not converge");
}

// A matrix of the call: in which input, and where in it.
struct Place {
  std::size_t input, index;
};

double cube_of(const View& a) {
  const double n = static_cast<double>(a.dim(1));
  return n * n * n;
}

// One kernel with and without vectors: `outputs` of them an input. Where there are matrices for two threads they
// are decomposed side by side, the largest first: most of the reduction to tridiagonal form is one thread's work.
// Otherwise one after the other, by all threads as far as they can. The bits are the same.
template <typename T>
void each_matrix(const Call& call, const char* name, std::size_t outputs) {
  std::vector<Place> places;
  std::vector<std::vector<int>> infos(call.input_count());
  double work = 0, largest = 0;
  for (std::size_t input = 0; input < call.input_count(); ++input) {
    const View& a = call.input(input);
    if (a.size == 0) continue;
    infos[input].assign(static_cast<std::size_t>(a.dim(0)), 0);
    for (std::size_t i = 0; i < infos[input].size(); ++i) places.push_back({input, i});
    work += cube_of(a) * static_cast<double>(a.dim(0));
    largest = std::max(largest, cube_of(a));
  }
  std::stable_sort(places.begin(), places.end(), [&](const Place& x, const Place& y) {
    return call.input(x.input).dim(1) > call.input(y.input).dim(1);
  });
  const bool alone = work < 2 * largest;
  const auto run = [&](const Place& place) {
    const View& a = call.input(place.input);
    const auto n = static_cast<std::size_t>(a.dim(1));
    const T* const in = a.as<T>() + place.index * n * n;
    int& info = infos[place.input][place.index];
    info = kNotFinite;
    if (!all_finite(in, n * n)) return;
    const StoragePtr copy = call.scratch(n * n * sizeof(T));
    T* const matrix = reinterpret_cast<T*>(copy->data());
    symmetric_part(in, n, matrix);
    T* const values = call.output(place.input * outputs).as<T>() + place.index * n;
    T* const vectors =
        outputs == 1 ? nullptr : call.output(place.input * outputs + 1).as<T>() + place.index * n * n;
    info = decompose(call, alone, n, matrix, values, vectors);
  };
  if (alone) {
    for (const Place& place : places) run(place);
  } else {
    const double mean = 9 * work / static_cast<double>(places.size());
    call.workers.parallel_range(places.size(), units_per_piece(mean), [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) run(places[i]);
    });
  }
  for (const std::vector<int>& found : infos) throw_failed(name, found, no_convergence);
}

void check_square(const Call& call, const View& a, const View& w) {
  call.expect(a.rank() == 3 && a.dim(1) == a.dim(2), "expected [B, n, n]");
  call.expect(w.shape == Shape{a.dim(0), a.dim(1)}, "expected [B, n] for the eigenvalues");
  call.expect(a.dim(1) <= kMostRows, "the matrix is too large");
}

void eigh(const Call& call) {
  call.expect(call.input_count() > 0, "a matrix expected");
  call.expect_counts(call.input_count(), 2 * call.input_count());
  for (std::size_t i = 0; i < call.input_count(); ++i) {
    const View& a = call.input(i);
    check_square(call, a, call.output(2 * i));
    call.expect(call.output(2 * i + 1).shape == a.shape, "expected [B, n, n] for the eigenvectors");
  }
  dispatch_float(call.input(0).dtype, [&]<typename T>() { each_matrix<T>(call, "eigh", 2); });
}

void eigvalsh(const Call& call) {
  call.expect_counts(1, 1);
  check_square(call, call.input(0), call.output(0));
  dispatch_float(call.input(0).dtype, [&]<typename T>() { each_matrix<T>(call, "eigvalsh", 1); });
}

PALIMPSEST_KERNEL("eigh", eigh);
PALIMPSEST_KERNEL("eigvalsh", eigvalsh);

}  // namespace
}  // namespace palimpsest
