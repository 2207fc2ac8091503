#include <string>

#include "support/product_check.h"
#include "support/product_reference.h"

namespace palimpsest::test {
namespace {

// N, C, H, W, O, kh, kw, strides, paddings, dilations
const ConvCase kCases[] = {
    {2, 1, 5, 5, 3, 3, 3, 1, 1, 1, 1, 1, 1},     {3, 2, 28, 28, 4, 3, 3, 1, 1, 1, 1, 1, 1},
    {2, 16, 14, 14, 32, 3, 3, 1, 1, 1, 1, 1, 1}, {1, 3, 9, 7, 5, 3, 2, 2, 3, 1, 2, 1, 1},
    {2, 3, 12, 13, 17, 3, 3, 1, 1, 2, 2, 2, 2},  {2, 40, 6, 6, 9, 1, 1, 1, 1, 0, 0, 1, 1},
    {5, 4, 8, 8, 6, 1, 1, 2, 2, 0, 0, 1, 1},     {3, 2, 4, 4, 3, 4, 4, 1, 1, 0, 0, 1, 1},
    {2, 2, 3, 3, 2, 3, 3, 5, 7, 1, 2, 1, 1},     {1, 35, 11, 40, 13, 3, 3, 1, 1, 1, 1, 1, 1},
    {2, 2, 40, 45, 3, 5, 5, 2, 2, 2, 2, 1, 1},   {2, 1, 6, 6, 2, 2, 2, 1, 1, 3, 3, 3, 2},
    {90, 3, 4, 4, 20, 3, 3, 1, 1, 1, 1, 1, 1},   {1, 2, 3, 70, 14, 2, 3, 1, 1, 0, 1, 1, 3},
    {0, 2, 5, 5, 3, 3, 3, 1, 1, 1, 1, 1, 1},     {2, 0, 5, 5, 3, 3, 3, 1, 1, 1, 1, 1, 1},
    {2, 2, 5, 5, 0, 3, 3, 1, 1, 1, 1, 1, 1},     {70, 2, 1, 1, 40, 1, 1, 1, 1, 0, 0, 1, 1},
    {2, 3, 40, 50, 37, 3, 3, 1, 1, 1, 1, 1, 1},  {1, 2, 1, 2600, 5, 1, 3, 1, 1, 0, 1, 1, 1},
    {1, 2, 2, 3001, 3, 2, 5, 1, 2, 0, 2, 1, 3},
};

struct Operands {
  explicit Operands(const ConvCase& c)
      : image(random_values(c.examples * c.channels * c.height * c.width, 1)),
        kernel(random_values(c.outputs * c.patch(), 2)),
        gradient(random_values(c.examples * c.outputs * c.positions(), 3)),
        bias(random_values(c.outputs, 4)),
        image_shape{c.examples, c.channels, c.height, c.width},
        kernel_shape{c.outputs, c.channels, c.kernel_height, c.kernel_width},
        output_shape{c.examples, c.outputs, c.out_height(), c.out_width()} {}
  Values image, kernel, gradient, bias;
  Shape image_shape, kernel_shape, output_shape;
};

template <typename Check>
void for_each_case(const Check& check_case) {
  for (const ConvCase& c : kCases) {
    check_case.template operator()<float>(c, Operands(c));
    check_case.template operator()<double>(c, Operands(c));
  }
}

// The gradient of example n with respect to the kernel, [O, C kh kw].
Values kernel_gradient(const ConvCase& c, const Operands& o, Index n) {
  const Values patches = c.patches(o.image.data() + n * c.channels * c.height * c.width);
  return outer_sum(o.gradient.data() + n * c.outputs * c.positions(), patches.data(), c.positions(),
                   c.outputs, c.patch(), true, true);
}

TEST("conv2d agrees with plain loops") {
  for_each_case([]<typename T>(const ConvCase& c, const Operands& o) {
    for (const bool biased : {false, true}) {
      Values expected;
      for (Index n = 0; n < c.examples; ++n) {
        const Values patches = c.patches(o.image.data() + n * c.channels * c.height * c.width);
        Values sum =
            outer_sum(o.kernel.data(), patches.data(), c.patch(), c.outputs, c.positions(), true, false);
        for (std::size_t i = 0; biased && i < sum.size(); ++i) {
          sum[i] += o.bias[i / static_cast<std::size_t>(c.positions())];
        }
        expected.insert(expected.end(), sum.begin(), sum.end());
      }
      std::vector<Tensor> inputs{tensor<T>(o.image_shape, o.image), tensor<T>(o.kernel_shape, o.kernel)};
      if (biased) inputs.push_back(tensor<T>({c.outputs}, o.bias));
      check_kernel<T>("conv2d", std::move(inputs), o.output_shape, c.attributes(), expected, "conv2d");
    }
  });
}

TEST("conv2dInputGrad agrees with plain loops") {
  for_each_case([]<typename T>(const ConvCase& c, const Operands& o) {
    const Index image = c.channels * c.height * c.width;
    Values expected(o.image.size(), 0.0);
    for (Index n = 0; n < c.examples; ++n) {
      const Values sums = outer_sum(o.kernel.data(), o.gradient.data() + n * c.outputs * c.positions(),
                                    c.outputs, c.patch(), c.positions(), false, false);
      c.for_each_tap([&](Index k, Index t, Index at) {
        expected[static_cast<std::size_t>(n * image + at)] +=
            sums[static_cast<std::size_t>(k * c.positions() + t)];
      });
    }
    check_kernel<T>("conv2dInputGrad",
                    {tensor<T>(o.output_shape, o.gradient), tensor<T>(o.kernel_shape, o.kernel)},
                    o.image_shape, c.attributes(), expected, "conv2dInputGrad");
  });
}

TEST("conv2dWeightGrad and squareSumConv agree with plain loops") {
  for_each_case([]<typename T>(const ConvCase& c, const Operands& o) {
    Values sum(o.kernel.size(), 0.0), squares(o.kernel.size(), 0.0);
    for (Index n = 0; n < c.examples; ++n) {
      const Values product = kernel_gradient(c, o, n);
      for (std::size_t i = 0; i < sum.size(); ++i) {
        sum[i] += product[i];
        squares[i] += product[i] * product[i];
      }
    }
    const std::vector<Tensor> inputs{tensor<T>(o.image_shape, o.image),
                                     tensor<T>(o.output_shape, o.gradient)};
    check_kernel<T>("conv2dWeightGrad", inputs, o.kernel_shape, c.attributes(), sum, "conv2dWeightGrad");
    check_kernel<T>("squareSumConv", inputs, o.kernel_shape, c.attributes(), squares, "squareSumConv");
  });
}

TEST("productNormsConv agrees with plain loops") {
  for_each_case([]<typename T>(const ConvCase& c, const Operands& o) {
    Values expected;
    for (Index n = 0; n < c.examples; ++n) {
      double norm = 0;
      for (const double value : kernel_gradient(c, o, n)) norm += value * value;
      expected.push_back(norm);
    }
    Values attributes = c.attributes();
    attributes.push_back(static_cast<double>(c.kernel_height));
    attributes.push_back(static_cast<double>(c.kernel_width));
    check_kernel<T>("productNormsConv",
                    {tensor<T>(o.image_shape, o.image), tensor<T>(o.output_shape, o.gradient)}, {c.examples},
                    attributes, expected, "productNormsConv");
  });
}

// Groups are convolutions side by side: the channels of a group alone, with the kernels of that group.
TEST("convolutions in groups agree with one convolution per group") {
  for_each_case([]<typename T>(const ConvCase& c, const Operands&) {
    if (c.examples == 0 || c.channels == 0 || c.outputs == 0) return;
    constexpr Index kGroups = 3;
    ConvCase all = c;
    all.channels *= kGroups;
    all.outputs *= kGroups;
    const Operands grouped(all);
    const Index image = c.channels * c.height * c.width, result = c.outputs * c.positions();
    const Index kernel = c.outputs * c.patch();
    Values y(grouped.gradient.size()), squares(static_cast<std::size_t>(kGroups * kernel), 0.0), norms;
    Values sums = squares;
    for (Index n = 0; n < c.examples; ++n) {
      double norm = 0;
      for (Index g = 0; g < kGroups; ++g) {
        const Values patches = c.patches(grouped.image.data() + (n * kGroups + g) * image);
        const Index at = (n * kGroups + g) * result;
        const Values product = outer_sum(grouped.kernel.data() + g * kernel, patches.data(), c.patch(),
                                         c.outputs, c.positions(), true, false);
        std::copy(product.begin(), product.end(), y.begin() + at);
        const Values gradient = outer_sum(grouped.gradient.data() + at, patches.data(), c.positions(),
                                          c.outputs, c.patch(), true, true);
        for (Index i = 0; i < kernel; ++i) {
          const double value = gradient[static_cast<std::size_t>(i)];
          sums[static_cast<std::size_t>(g * kernel + i)] += value;
          squares[static_cast<std::size_t>(g * kernel + i)] += value * value;
          norm += value * value;
        }
      }
      norms.push_back(norm);
    }
    Values attributes = c.attributes();
    attributes.back() = kGroups;
    const Shape kernels{all.outputs, c.channels, c.kernel_height, c.kernel_width};
    const Values weight(grouped.kernel.begin(), grouped.kernel.begin() + kGroups * kernel);
    check_kernel<T>("conv2d", {tensor<T>(grouped.image_shape, grouped.image), tensor<T>(kernels, weight)},
                    grouped.output_shape, attributes, y, "conv2d in groups");
    const std::vector<Tensor> factors{tensor<T>(grouped.image_shape, grouped.image),
                                      tensor<T>(grouped.output_shape, grouped.gradient)};
    check_kernel<T>("conv2dWeightGrad", factors, kernels, attributes, sums, "conv2dWeightGrad in groups");
    check_kernel<T>("squareSumConv", factors, kernels, attributes, squares, "squareSumConv in groups");
    attributes.push_back(static_cast<double>(c.kernel_height));
    attributes.push_back(static_cast<double>(c.kernel_width));
    check_kernel<T>("productNormsConv", factors, {c.examples}, attributes, norms,
                    "productNormsConv in groups");
  });
}

TEST("convolutions refuse shapes and attributes that disagree") {
  Tensor x(DType::float32, {1, 2, 5, 5}), w(DType::float32, {3, 2, 3, 3}), y(DType::float32, {1, 3, 5, 5});
  run("conv2d", {&x, &w}, {&y}, {1, 1, 1, 1, 1, 1, 1, 1, 1});
  check_throws("ERR_SHAPE", "does not follow",
               [&] { run("conv2d", {&x, &w}, {&y}, {1, 1, 0, 1, 1, 1, 0, 1, 1}); });
  check_throws("ERR_VALUE", "attribute 0",
               [&] { run("conv2d", {&x, &w}, {&y}, {0, 1, 1, 1, 1, 1, 1, 1, 1}); });
  check_throws("ERR_VALUE", "attribute 2",
               [&] { run("conv2d", {&x, &w}, {&y}, {1, 1, -1, 1, 1, 1, 1, 1, 1}); });
  check_throws("ERR_SHAPE", "nine attributes", [&] { run("conv2d", {&x, &w}, {&y}, {1, 1, 1}); });
  Tensor narrow(DType::float32, {3, 1, 3, 3}), flat(DType::float32, {2, 5, 5}), bias(DType::float32, {2});
  check_throws("ERR_SHAPE", "same channels",
               [&] { run("conv2d", {&x, &narrow}, {&y}, {1, 1, 1, 1, 1, 1, 1, 1, 1}); });
  check_throws("ERR_SHAPE", "rank 4", [&] { run("conv2d", {&flat, &w}, {&y}, {1, 1, 1, 1, 1, 1, 1, 1, 1}); });
  check_throws("ERR_SHAPE", "bias",
               [&] { run("conv2d", {&x, &w, &bias}, {&y}, {1, 1, 1, 1, 1, 1, 1, 1, 1}); });
  check_throws("ERR_SHAPE", "groups", [&] { run("conv2d", {&x, &w}, {&y}, {1, 1, 1, 1, 1, 1, 1, 1, 4}); });
  // A hostile program: three positions far apart in a padding of gigabytes.
  Tensor far(DType::float32, {1, 3, 3, 3});
  check_throws("ERR_SHAPE", "padding dwarfs",
               [&] { run("conv2d", {&x, &w}, {&far}, {5e8, 5e8, 6e8, 6e8, 1e8, 1e8, 6e8, 6e8, 1}); });
  // Another one: no elements at all, but more taps than fit 64 bits of memory.
  const std::int64_t most = 2147483647;
  Tensor none(DType::float32, {1, 2, 0, 0}), taps(DType::float32, {0, 2, most, most}),
      nothing(DType::float32, {1, 0, 0, 0});
  check_throws("ERR_SHAPE", "kernel dwarfs",
               [&] { run("conv2d", {&none, &taps}, {&nothing}, {1, 1, 0, 0, 1, 1, 0, 0, 1}); });
}

}  // namespace
}  // namespace palimpsest::test
