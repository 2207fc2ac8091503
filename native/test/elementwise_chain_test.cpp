// Chains of elementwise operations: every way to broadcast, the order of writes, and what is refused.
#include <cmath>

#include "support/check.h"
#include "support/fused_chain.h"

namespace palimpsest::test {
namespace {

// The element of a broadcast input that the loop's element `index` sees.
std::int64_t source_index(const Shape& loop, const Shape& shape, std::int64_t index) {
  std::int64_t source = 0, stride = 1;
  for (std::size_t k = loop.size(); k-- > 0; index /= loop[k]) {
    if (k + shape.size() < loop.size()) continue;
    const std::int64_t extent = shape[k + shape.size() - loop.size()];
    if (extent != 1) source += index % loop[k] * stride;
    stride *= extent;
  }
  return source;
}

template <typename T>
void check_broadcast(const Shape& loop, const Shape& shape) {
  Tensor x(DTypeOf<T>::value, loop), y(DTypeOf<T>::value, shape), z(DTypeOf<T>::value, loop);
  for (std::int64_t i = 0; i < x.size(); ++i) x.data<T>()[i] = static_cast<T>(i % 1000);
  for (std::int64_t i = 0; i < y.size(); ++i) y.data<T>()[i] = static_cast<T>(i * 3 % 2048);
  run("fused", {&x, &y}, {&z}, Chain().step("add", x.dtype, 0, 1).out(2).attributes());
  for (std::int64_t i = 0; i < z.size(); ++i) {
    const T expected = static_cast<T>(x.at<T>(i) + y.at<T>(source_index(loop, shape, i)));
    check_equal(z.at<T>(i), expected,
                to_string(shape) + " under " + to_string(loop) + " at " + std::to_string(i));
  }
}

TEST("fused: inputs broadcast along any axes") {
  const std::vector<std::pair<Shape, Shape>> cases = {{{}, {}},
                                                      {{7}, {1}},
                                                      {{7}, {}},
                                                      {{3000}, {1}},
                                                      {{70, 50}, {50}},
                                                      {{700, 3}, {3}},
                                                      {{3, 5000}, {5000}},
                                                      {{3, 4096}, {4096}},
                                                      {{70, 50}, {70, 1}},
                                                      {{2000, 2}, {2000, 1}},
                                                      {{2, 3000}, {2, 1}},
                                                      {{5, 7, 11, 13}, {7, 1, 1}},
                                                      {{5, 7, 11, 13}, {5, 1, 11, 1}},
                                                      {{5, 7, 11, 13}, {1, 7, 1, 13}},
                                                      {{5, 7, 11, 13}, {5, 1, 1, 1}},
                                                      {{1, 1, 4}, {1, 1, 4}},
                                                      {{5, 7, 11, 13}, {11, 13}},
                                                      {{2, 1, 3, 1, 2000}, {2, 1, 1, 1, 2000}},
                                                      {{1, 1}, {1}},
                                                      {{0, 3}, {3}},
                                                      {{100, 1030}, {1}}};
  for (const auto& [loop, shape] : cases) {
    check_broadcast<float>(loop, shape);
    check_broadcast<double>(loop, shape);
    check_broadcast<std::int32_t>(loop, shape);
  }
}

TEST("fused: a long chain reuses its buffers and agrees with the same steps one by one") {
  // x_{k+1} = 0.5 x_k + x_{k-2}, with a scalar, all results of the last three steps kept.
  const std::int64_t n = 5000;
  Tensor x(DType::float64, {n}), half({1}, std::vector<double>{0.5});
  for (std::int64_t i = 0; i < n; ++i) x.data<double>()[i] = 0.001 * static_cast<double>(i);
  Chain chain;
  std::vector<int> last = {0, 0, 0};
  std::vector<std::vector<double>> expected(3, values_of<double>(x));
  int reg = 2;
  for (int k = 0; k < 20; ++k) {
    chain.step("mul", DType::float64, last[2], 1).step("add", DType::float64, reg, last[0]);
    std::vector<double> next(expected[2].size());
    for (std::size_t i = 0; i < next.size(); ++i) next[i] = expected[2][i] * 0.5 + expected[0][i];
    expected = {expected[1], expected[2], next};
    last = {last[1], last[2], reg + 1};
    reg += 2;
  }
  Tensor a(DType::float64, {n}), b(DType::float64, {n}), c(DType::float64, {n});
  run("fused", {&x, &half}, {&a, &b, &c}, chain.out(last[0]).out(last[1]).out(last[2]).attributes());
  check(values_of<double>(a) == expected[0] && values_of<double>(b) == expected[1] &&
            values_of<double>(c) == expected[2],
        "a chain of 40 steps");
}

// Runs the kernel with outputs that lie on inputs.
void run_in_place(std::vector<View> inputs, std::vector<View> outputs, const Chain& chain) {
  for (const auto& kernel : kernels()) {
    if (kernel.name != "fused") continue;
    const auto allocator = std::make_shared<Allocator>();
    const Workers workers(2, nullptr);
    const auto attributes = chain.attributes();
    kernel.run(Call("fused", inputs, outputs, attributes, workers, *allocator));
  }
}

TEST("fused: an output may lie on an input that later steps still read") {
  const std::int64_t n = 3000;
  Tensor x(DType::float32, {n}), y(DType::float32, {n}), sum(DType::float32, {n});
  for (std::int64_t i = 0; i < n; ++i) {
    x.data<float>()[i] = static_cast<float>(i);
    y.data<float>()[i] = static_cast<float>(2 * i);
  }
  run_in_place({x.view(), y.view()}, {x.view(), sum.view()},
               Chain().step("neg", DType::float32, 0).step("add", DType::float32, 0, 1).out(2).out(3));
  for (std::int64_t i = 0; i < n; ++i) {
    check_equal(x.at<float>(i), -static_cast<float>(i), "the overwritten input");
    check_equal(sum.at<float>(i), static_cast<float>(3 * i), "what reads it later");
  }
  run_in_place({x.view(), y.view()}, {y.view(), x.view()}, Chain().out(0).out(1));
  check_equal(x.at<float>(7), 14.0f, "exchanged");
  check_equal(y.at<float>(7), -7.0f, "exchanged");
  run_in_place({x.view()}, {x.view()}, Chain().step("square", DType::float32, 0).out(1));
  check_equal(x.at<float>(7), 196.0f, "in place");
}

TEST("fused: constants, repeated outputs and inputs as outputs") {
  Tensor x({3}, std::vector<float>{1, 2, 3}), v({1}, std::vector<float>{5});
  Tensor a(DType::float32, {2, 3}), b(DType::float32, {2, 3}), c(DType::float32, {2, 3}),
      d(DType::float32, {2, 3}), e(DType::float32, {2, 3});
  const Chain chain = Chain()
                          .step("full", DType::float32, -1, -1, -1, 0.25)
                          .step("mul", DType::float32, 2, 1)
                          .step("add", DType::float32, 0, 3)
                          .out(4)
                          .out(4)
                          .out(0)
                          .out(2)
                          .out(3);
  run("fused", {&x, &v}, {&a, &b, &c, &d, &e}, chain.attributes());
  check(values_of<float>(a) == std::vector<float>{2.25, 3.25, 4.25, 2.25, 3.25, 4.25},
        "a chain with constants");
  check(values_of<float>(b) == values_of<float>(a), "a result named twice");
  check(values_of<float>(c) == std::vector<float>{1, 2, 3, 1, 2, 3}, "an input as an output");
  check(values_of<float>(d) == std::vector<float>(6, 0.25f), "a constant as an output");
  check(values_of<float>(e) == std::vector<float>(6, 1.25f), "a step of constants as an output");
}

TEST("fused: the same bits for any number of threads") {
  Tensor x(DType::float32, {300, 1001}), bias(DType::float32, {1001}), one(DType::float32, {300, 1001}),
      four(DType::float32, {300, 1001});
  for (std::int64_t i = 0; i < x.size(); ++i)
    x.data<float>()[i] = static_cast<float>(std::sin(0.1 * static_cast<double>(i)));
  for (std::int64_t i = 0; i < bias.size(); ++i) bias.data<float>()[i] = 0.01f * static_cast<float>(i);
  const auto chain = Chain()
                         .step("add", DType::float32, 0, 1)
                         .step("tanh", DType::float32, 2)
                         .step("exp", DType::float32, 3)
                         .out(4)
                         .attributes();
  run("fused", {&x, &bias}, {&one}, chain, 1);
  run("fused", {&x, &bias}, {&four}, chain, 4);
  check(one.bytes == four.bytes, "threads change bits");
}

TEST("fused: refuses what does not fit") {
  Tensor x(DType::float32, {2, 3}), i(DType::int32, {2, 3}), y(DType::float32, {2, 3}),
      wide(DType::float32, {2, 4});
  const auto f32 = DType::float32;
  const auto refuses = [&](const char* code, const char* text, std::vector<Tensor*> in, const Chain& chain) {
    check_throws(code, text, [&] { run("fused", in, {&y}, chain.attributes()); });
  };
  refuses("ERR_SHAPE", "broadcast", {&wide}, Chain().step("neg", f32, 0).out(1));
  refuses("ERR_DTYPE", "float32 and another operand of int32", {&x, &i},
          Chain().step("add", f32, 0, 1).out(2));
  refuses("ERR_DTYPE", "float32 is the result's dtype, not int32", {&x, &x},
          Chain().step("add", DType::int32, 0, 1).out(2));
  refuses("ERR_DTYPE", "not defined for int32", {&i}, Chain().step("exp", DType::int32, 0).out(1));
  refuses("ERR_DTYPE", "the condition is not bool but float32", {&x},
          Chain().step("where", f32, 0, 0, 0).out(1));
  refuses("ERR_DTYPE", "its register holds bool", {&x}, Chain().step("less", DType::boolean, 0, 0).out(1));
  refuses("ERR_VALUE", "attribute 3", {&x}, Chain().step("neg", f32, 1).out(1));
  refuses("ERR_VALUE", "attribute 3", {&x}, Chain().step("neg", f32, -1).out(1));
  refuses("ERR_VALUE", "attribute 4", {&x}, Chain().step("neg", f32, 0, 0).out(1));
  refuses("ERR_VALUE", "attribute 7", {&x}, Chain().step("neg", f32, 0).out(2));
  check_throws("ERR_VALUE", "attribute 1", [&] { run("fused", {&x}, {&y}, {1, 1000, 0, 0, -1, -1, 0, 1}); });
  check_throws("ERR_SHAPE", "number of attributes",
               [&] { run("fused", {&x}, {&y}, {1, 6, 0, 0, -1, -1, 0}); });
  check_throws("ERR_VALUE", "attribute 0", [&] { run("fused", {&x}, {&y}, {1e9, 0}); });
  check_throws("ERR_SHAPE", "more attributes", [&] { run("fused", {&x}, {&y}); });
}

}  // namespace
}  // namespace palimpsest::test
