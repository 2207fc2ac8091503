// Products of 16-bit floats: exact sums of the numbers that are stored.
#include <cmath>
#include <string>

#include "support/check.h"
#include "support/product_reference.h"
#include "support/tensors.h"

namespace palimpsest::test {
namespace {

struct Case {
  std::int64_t rows, depth, columns;
};

// On both sides of where tiles, blocks, slivers, vectors and pairs come out even.
const Case kCases[] = {{1, 1, 1},    {1, 17, 300},  {3, 200, 129}, {9, 2, 9},     {12, 7, 32},   {13, 64, 33},
                       {40, 1, 70},  {65, 130, 31}, {200, 90, 1},  {25, 513, 47}, {500, 33, 80},
                       {31, 1100, 530}, {64, 256, 64}, {0, 3, 4},    {3, 0, 4}};

template <typename Half>
Half rounded(double x) {
  const auto value = static_cast<float>(x);
  return {__is_same(Half, BFloat16) ? bfloat16_from_float(value) : float16_from_float(value)};
}

// [batches, rows, columns], or with the last two turned around.
template <typename Half>
Tensor matrices(std::int64_t batches, std::int64_t rows, std::int64_t columns, bool turned, int seed) {
  std::vector<Half> values;
  for (std::int64_t i = 0; i < batches * rows * columns; ++i) {
    values.push_back(rounded<Half>(std::sin(static_cast<double>(i * 7 + seed))));
  }
  return Tensor(turned ? Shape{batches, columns, rows} : Shape{batches, rows, columns}, values);
}

template <typename Half>
double element(const Tensor& x, std::int64_t batch, std::int64_t row, std::int64_t column, bool turned) {
  if (x.shape[0] == 1) batch = 0;
  const std::int64_t place = turned ? column * x.shape[2] + row : row * x.shape[2] + column;
  return static_cast<double>(to_float(x.at<Half>(batch * x.shape[1] * x.shape[2] + place)));
}

template <typename Half>
void check_product(const Case& c, std::int64_t batches, bool repeated, bool turn_a, bool turn_b,
                   bool biased) {
  Tensor a = matrices<Half>(batches, c.rows, c.depth, turn_a, 1);
  Tensor b = matrices<Half>(repeated ? 1 : batches, c.depth, c.columns, turn_b, 2);
  Tensor bias({c.columns}, std::vector<float>(static_cast<std::size_t>(c.columns), 0.25f));
  Tensor y(DType::float32, {batches, c.rows, c.columns});
  std::vector<Tensor*> inputs{&a, &b};
  if (biased) inputs.push_back(&bias);
  run("matmul", inputs, {&y}, {turn_a ? 1.0 : 0.0, turn_b ? 1.0 : 0.0});
  for (std::int64_t n = 0; n < batches; ++n) {
    for (std::int64_t i = 0; i < c.rows; ++i) {
      for (std::int64_t j = 0; j < c.columns; ++j) {
        double sum = biased ? 0.25 : 0, size = 0;
        for (std::int64_t k = 0; k < c.depth; ++k) {
          const double term = element<Half>(a, n, i, k, turn_a) * element<Half>(b, n, k, j, turn_b);
          sum += term;
          size += std::fabs(term);
        }
        const double found = static_cast<double>(y.at<float>((n * c.rows + i) * c.columns + j));
        if (!(std::fabs(found - sum) <= 1e-6 * (1 + size))) {
          check(false, std::to_string(c.rows) + " x " + std::to_string(c.depth) + " x " +
                           std::to_string(c.columns) + ": element " + std::to_string(i) + ", " +
                           std::to_string(j) + " is " +
                           std::to_string(found) + ", expected " + std::to_string(sum));
        }
      }
    }
  }
}

template <typename Half>
void check_products() {
  for (const Case& c : kCases) {
    for (const bool turn_a : {false, true}) {
      for (const bool turn_b : {false, true}) {
        check_product<Half>(c, 1, false, turn_a, turn_b, turn_a != turn_b);
      }
    }
  }
  for (const Case& c : {Case{5, 31, 40}, Case{2, 90, 200}, Case{30, 8, 65}}) {
    check_product<Half>(c, 3, false, false, true, false);
    check_product<Half>(c, 3, true, true, false, true);
  }
}

TEST("matmul adds up bfloat16 in float32") { check_products<BFloat16>(); }
TEST("matmul adds up float16 in float32") { check_products<Float16>(); }

TEST("matmul wants both sides in one dtype, and gives float32 for 16-bit floats") {
  Tensor half = matrices<BFloat16>(1, 4, 4, false, 1), other = matrices<Float16>(1, 4, 4, false, 1);
  Tensor wide(DType::float32, {1, 4, 4}), narrow(DType::bfloat16, {1, 4, 4});
  check_throws("ERR_DTYPE", "", [&] { run("matmul", {&half, &other}, {&wide}, {0, 0}); });
  check_throws("ERR_DTYPE", "", [&] { run("matmul", {&half, &wide}, {&wide}, {0, 0}); });
  check_throws("ERR_DTYPE", "", [&] { run("matmul", {&half, &half}, {&narrow}, {0, 0}); });
}

}  // namespace
}  // namespace palimpsest::test
