#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "blas_permit.h"
#include "core/checked.h"
#include "core/kernel.h"
#include "kernels/pieces.h"

// What all factorisations share: batches of row-major matrices [B, m, n], and errors that name the matrix.
namespace palimpsest {

// LAPACK counts in 32 bits, and some of its work arrays hold two to four matrices.
constexpr std::int64_t kMostRows = 16384;

// How a batch is divided. Large matrices come one after the other, each with all threads at work on it, as
// far as its kernel divides the work; small ones side by side. It depends on the matrix alone, so that a
// matrix gives the same bits in any batch.
enum class Size { small, large };

// Runs body(index) for every matrix of a batch, each of about `work` floating-point operations. A routine of
// LAPACK cannot be interrupted: cancellation is seen between two of them.
template <typename Body>
void for_each_matrix(const Call& call, std::size_t count, double work, Size size, Body&& body) {
  if (size == Size::small) {
    call.workers.parallel_range(count, units_per_piece(work), [&](std::size_t begin, std::size_t end) {
      const BlasPermit permit;
      for (std::size_t index = begin; index < end; ++index) body(index);
    });
    return;
  }
  for (std::size_t index = 0; index < count; ++index) {
    if (call.workers.cancelled()) throw Error("ERR_ABORTED", "the evaluation was aborted");
    body(index);
  }
}

// The `info` of a matrix that LAPACK must not see: some of its routines never end on a NaN.
constexpr int kNotFinite = -1000;

template <typename T>
bool all_finite(const T* x, std::size_t size) {
  // A sum of differences x - x is 0, or NaN when one of them is not finite. Many sums, for the compiler to
  // vectorise.
  constexpr std::size_t kSums = 32;
  T sums[kSums] = {};
  std::size_t i = 0;
  for (; i + kSums <= size; i += kSums) {
    for (std::size_t j = 0; j < kSums; ++j) sums[j] += x[i + j] - x[i + j];
  }
  for (; i < size; ++i) sums[0] += x[i] - x[i];
  return std::all_of(sums, sums + kSums, [](T sum) { return sum == 0; });
}

// The symmetric part (a + a^T) / 2 of a row-major matrix. What a symmetric matrix's other triangle holds does
// then not depend on a convention, and derivatives are those of a function of all entries.
template <typename T>
void symmetric_part(const T* a, std::size_t n, T* y) {
  constexpr std::size_t kBlock = 32;
  for (std::size_t i0 = 0; i0 < n; i0 += kBlock) {
    for (std::size_t j0 = 0; j0 <= i0; j0 += kBlock) {
      const std::size_t i1 = std::min(n, i0 + kBlock), j1 = std::min(n, j0 + kBlock);
      for (std::size_t i = i0; i < i1; ++i) {
        for (std::size_t j = j0; j < std::min(j1, i + 1); ++j) {
          const T below = a[i * n + j], above = a[j * n + i];
          const T mean = below == above ? below : below / 2 + above / 2;
          y[i * n + j] = mean;
          y[j * n + i] = mean;
        }
      }
    }
  }
}

// Exchanges rows and columns of a square matrix where it lies.
template <typename T>
void transpose_in_place(T* a, std::size_t n) {
  constexpr std::size_t kBlock = 32;
  for (std::size_t i0 = 0; i0 < n; i0 += kBlock) {
    for (std::size_t j0 = 0; j0 <= i0; j0 += kBlock) {
      const std::size_t i1 = std::min(n, i0 + kBlock), j1 = std::min(n, j0 + kBlock);
      for (std::size_t i = i0; i < i1; ++i) {
        for (std::size_t j = j0; j < std::min(j1, i); ++j) std::swap(a[i * n + j], a[j * n + i]);
      }
    }
  }
}

// Throws `failed(info)` for the first of a batch's infos that is not 0, with the matrix's place in front.
template <typename Failed>
void throw_failed(const char* name, const std::vector<int>& infos, Failed&& failed) {
  for (std::size_t index = 0; index < infos.size(); ++index) {
    if (infos[index] == 0) continue;
    const std::string where = infos.size() == 1 ? "" : "matrix " + std::to_string(index) + " of the batch: ";
    const Error error =
        infos[index] == kNotFinite
            ? Error("ERR_VALUE", "finite entries expected, the matrix has a NaN or an infinity")
            : failed(infos[index]);
    throw Error(error.code, std::string(name) + ": " + where + error.what());
  }
}

// Runs body(index), which returns LAPACK's `info`, for every matrix; then throws for the first that was not 0.
template <typename Body, typename Failed>
void factor_each(const Call& call, const char* name, std::size_t count, double work, Size size, Body&& body,
                 Failed&& failed) {
  std::vector<int> infos(count, 0);
  for_each_matrix(call, count, work, size, [&](std::size_t index) { infos[index] = body(index); });
  throw_failed(name, infos, failed);
}

}  // namespace palimpsest
