#include <string>

#include "support/product_check.h"
#include "support/product_reference.h"

namespace palimpsest::test {
namespace {

// Without and with each side transposed, for both element types.
template <typename Check>
void for_each_layout(const Check& check_layout) {
  for (const bool transposed_a : {false, true}) {
    for (const bool transposed_b : {false, true}) {
      check_layout.template operator()<float>(transposed_a, transposed_b);
      check_layout.template operator()<double>(transposed_a, transposed_b);
    }
  }
}

void append(Values& to, const Values& from) { to.insert(to.end(), from.begin(), from.end()); }

struct MatmulCase {
  Index batch_a, batch_b, rows, columns, depth;
};

void check_matmul(const MatmulCase& c, bool biased) {
  const Index batches = std::min(c.batch_a, c.batch_b) == 0 ? 0 : std::max(c.batch_a, c.batch_b);
  const Values a = random_values(c.batch_a * c.rows * c.depth, 1),
               b = random_values(c.batch_b * c.depth * c.columns, 2);
  const Values bias = random_values(c.columns, 3);
  for_each_layout([&]<typename T>(bool transposed_a, bool transposed_b) {
    Values expected;
    for (Index n = 0; n < batches; ++n) {
      // The reference has the depth first: [K, M] is its plain layout.
      Values sum = outer_sum(a.data() + (c.batch_a == 1 ? 0 : n * c.rows * c.depth),
                             b.data() + (c.batch_b == 1 ? 0 : n * c.depth * c.columns), c.depth, c.rows,
                             c.columns, !transposed_a, transposed_b);
      for (std::size_t i = 0; biased && i < sum.size(); ++i)
        sum[i] += bias[i % static_cast<std::size_t>(c.columns)];
      append(expected, sum);
    }
    std::vector<Tensor> inputs;
    inputs.push_back(
        tensor<T>(transposed_a ? Shape{c.batch_a, c.depth, c.rows} : Shape{c.batch_a, c.rows, c.depth}, a));
    inputs.push_back(tensor<T>(
        transposed_b ? Shape{c.batch_b, c.columns, c.depth} : Shape{c.batch_b, c.depth, c.columns}, b));
    if (biased) inputs.push_back(tensor<T>({c.columns}, bias));
    check_kernel<T>("matmul", std::move(inputs), {batches, c.rows, c.columns},
                    {double(transposed_a), double(transposed_b)}, expected, "matmul");
  });
}

TEST("matmul agrees with plain loops for every remainder of the tiles") {
  for (const Index rows : {0, 1, 2, 5, 11, 12, 13, 17, 25}) {
    for (const Index columns : {0, 1, 7, 8, 16, 17, 31, 32, 33, 49}) {
      for (const Index depth : {0, 1, 3, 16, 21}) check_matmul({1, 1, rows, columns, depth}, rows % 2 == 1);
    }
  }
}

// The last one is long enough for chunks of depth that are added up afterwards.
TEST("matmul agrees with plain loops across blocks of rows, columns and depth") {
  for (const MatmulCase& c : {MatmulCase{1, 1, 500, 33, 20},
                              {1, 1, 13, 1100, 9},
                              {1, 1, 7, 9, 1030},
                              {1, 1, 150, 260, 300},
                              {1, 1, 10, 128, 2500},
                              {1, 1, 16, 32, 16384}}) {
    check_matmul(c, false);
    check_matmul(c, true);
  }
}

TEST("matmul repeats a single batch of either side") {
  for (const MatmulCase& c : {MatmulCase{3, 3, 5, 6, 7},
                              {1, 4, 13, 20, 300},
                              {5, 1, 3, 35, 8},
                              {0, 1, 3, 4, 5},
                              {70, 70, 4, 5, 1},
                              {40, 1, 1, 33, 17}}) {
    check_matmul(c, false);
    check_matmul(c, true);
  }
}

struct FactorCase {
  Index examples, steps, rows, columns;
};

// The last two are long enough for chunks of examples.
const FactorCase kFactorCases[] = {{0, 3, 4, 5},     {2, 0, 4, 5},    {3, 2, 0, 5},     {1, 1, 1, 1},
                                   {5, 1, 13, 33},   {300, 1, 7, 40}, {7, 2, 6, 32},    {9, 3, 25, 47},
                                   {40, 8, 12, 16},  {4, 63, 7, 9},   {4, 64, 13, 35},  {3, 100, 17, 20},
                                   {2, 300, 14, 33}, {3, 700, 5, 40}, {33, 40, 70, 90}, {500, 64, 16, 20},
                                   {40, 700, 16, 20}};

template <typename Use>
void for_each_example(const FactorCase& c, const Values& a, const Values& g, bool transposed_a,
                      bool transposed_g, const Use& use) {
  for (Index n = 0; n < c.examples; ++n) {
    use(n, outer_sum(a.data() + n * c.steps * c.rows, g.data() + n * c.steps * c.columns, c.steps, c.rows,
                     c.columns, transposed_a, transposed_g));
  }
}

template <typename T>
std::vector<Tensor> factor_tensors(const FactorCase& c, const Values& a, const Values& g, bool transposed_a,
                                   bool transposed_g) {
  return {
      tensor<T>(transposed_a ? Shape{c.examples, c.rows, c.steps} : Shape{c.examples, c.steps, c.rows}, a),
      tensor<T>(transposed_g ? Shape{c.examples, c.columns, c.steps} : Shape{c.examples, c.steps, c.columns},
                g)};
}

TEST("squareSum is the sum of squared products of the examples") {
  for (const FactorCase& c : kFactorCases) {
    const Values a = random_values(c.examples * c.steps * c.rows, 4),
                 g = random_values(c.examples * c.steps * c.columns, 5);
    for_each_layout([&]<typename T>(bool transposed_a, bool transposed_g) {
      Values expected(static_cast<std::size_t>(c.rows * c.columns), 0.0);
      for_each_example(c, a, g, transposed_a, transposed_g, [&](Index, const Values& product) {
        for (std::size_t i = 0; i < product.size(); ++i) expected[i] += product[i] * product[i];
      });
      check_kernel<T>("squareSum", factor_tensors<T>(c, a, g, transposed_a, transposed_g),
                      {c.rows, c.columns}, {double(transposed_a), double(transposed_g)}, expected,
                      "squareSum");
    });
  }
}

TEST("productNorms is the squared norm of each example's product") {
  for (const FactorCase& c : kFactorCases) {
    const Values a = random_values(c.examples * c.steps * c.rows, 6),
                 g = random_values(c.examples * c.steps * c.columns, 7);
    for_each_layout([&]<typename T>(bool transposed_a, bool transposed_g) {
      Values expected(static_cast<std::size_t>(c.examples), 0.0);
      for_each_example(c, a, g, transposed_a, transposed_g, [&](Index n, const Values& product) {
        for (const double value : product) expected[static_cast<std::size_t>(n)] += value * value;
      });
      check_kernel<T>("productNorms", factor_tensors<T>(c, a, g, transposed_a, transposed_g), {c.examples},
                      {double(transposed_a), double(transposed_g)}, expected, "productNorms");
    });
  }
}

TEST("products refuse shapes that disagree") {
  Tensor a(DType::float32, {1, 2, 3}), b(DType::float32, {1, 4, 5}), out(DType::float32, {1, 2, 5});
  check_throws("ERR_SHAPE", "inner extents differ", [&] { run("matmul", {&a, &b}, {&out}, {0, 0}); });
  check_throws("ERR_SHAPE", "two attributes", [&] { run("matmul", {&a, &b}, {&out}, {0}); });
  check_throws("ERR_VALUE", "attribute 1", [&] { run("matmul", {&a, &b}, {&out}, {0, 2}); });
  check_throws("ERR_SHAPE", "number of steps", [&] { run("squareSum", {&a, &b}, {&out}, {0, 0}); });
  Tensor whole(DType::int32, {1, 3, 5}), right(DType::float32, {1, 3, 5}), many(DType::float32, {2, 2, 5});
  check_throws("ERR_DTYPE", "float32", [&] { run("matmul", {&a, &whole}, {&out}, {0, 0}); });
  Tensor two(DType::float32, {2, 3, 5}), three(DType::float32, {3, 2, 3});
  check_throws("ERR_SHAPE", "batch counts", [&] { run("matmul", {&three, &two}, {&many}, {0, 0}); });
  Tensor bias(DType::float32, {4});
  check_throws("ERR_SHAPE", "bias", [&] { run("matmul", {&a, &right, &bias}, {&out}, {0, 0}); });
}

}  // namespace
}  // namespace palimpsest::test
