// Kernels that move elements without changing them, and the transposed maps of those that choose.
#include <cmath>
#include <numeric>

#include "support/check.h"
#include "support/tensors.h"

namespace palimpsest::test {
namespace {

// 0, 1, 2, ... (modulo what the dtype holds), so that a value says where it came from.
template <typename T>
Tensor counted(const Shape& shape) {
  Tensor x(DTypeOf<T>::value, shape);
  for (std::int64_t i = 0; i < x.size(); ++i) x.data<T>()[i] = static_cast<T>(i % 251);
  return x;
}

// Row-major coordinates of an element, and back.
Shape coordinates(const Shape& shape, std::int64_t index) {
  Shape at(shape.size());
  for (std::size_t k = shape.size(); k-- > 0; index /= shape[k]) at[k] = index % shape[k];
  return at;
}
std::int64_t index_of(const Shape& shape, const Shape& at) {
  std::int64_t index = 0;
  for (std::size_t k = 0; k < shape.size(); ++k) index = index * shape[k] + at[k];
  return index;
}

// Every element of y must be the element of x that `source` names, or `otherwise` when it names none (-1).
template <typename T, typename Source>
void check_moved(const Tensor& x, const Tensor& y, const std::string& what, const Source& source,
                 T otherwise = T(0)) {
  for (std::int64_t i = 0; i < y.size(); ++i) {
    const std::int64_t from = source(i);
    check_equal(y.at<T>(i), from < 0 ? otherwise : x.at<T>(from), what + " at " + std::to_string(i));
  }
}

template <typename T>
void check_transpose(const Shape& shape, const std::vector<double>& permutation) {
  Tensor x = counted<T>(shape);
  Shape permuted;
  for (const double axis : permutation) permuted.push_back(shape[static_cast<std::size_t>(axis)]);
  Tensor y(x.dtype, permuted);
  run("transpose", {&x}, {&y}, permutation);
  check_moved<T>(x, y, "transpose of " + to_string(shape) + " to " + to_string(permuted),
                 [&](std::int64_t i) {
                   const Shape at = coordinates(permuted, i);
                   Shape from(at.size());
                   for (std::size_t k = 0; k < at.size(); ++k)
                     from[static_cast<std::size_t>(permutation[k])] = at[k];
                   return index_of(shape, from);
                 });
}

TEST("transpose: any permutation, any element size") {
  const std::vector<std::pair<Shape, std::vector<double>>> cases = {{{}, {}},
                                                                    {{5}, {0}},
                                                                    {{3, 5}, {1, 0}},
                                                                    {{100, 37}, {1, 0}},
                                                                    {{16, 16}, {1, 0}},
                                                                    {{300, 500}, {1, 0}},
                                                                    {{5000, 3}, {1, 0}},
                                                                    {{2, 4097, 70}, {0, 2, 1}},
                                                                    {{2, 3, 4}, {0, 2, 1}},
                                                                    {{2, 3, 4}, {2, 1, 0}},
                                                                    {{2, 3, 4}, {1, 2, 0}},
                                                                    {{2, 20, 3, 40}, {0, 2, 1, 3}},
                                                                    {{5, 1, 33, 4}, {3, 1, 2, 0}},
                                                                    {{17, 3, 18, 2}, {2, 3, 0, 1}},
                                                                    {{0, 3}, {1, 0}},
                                                                    {{70, 33, 2}, {1, 0, 2}},
                                                                    {{6, 7, 8, 9, 2}, {4, 2, 0, 3, 1}}};
  for (const auto& [shape, permutation] : cases) {
    check_transpose<float>(shape, permutation);
    check_transpose<double>(shape, permutation);
    check_transpose<std::uint8_t>(shape, permutation);
  }
  Tensor x(DType::float32, {2, 3}), y(DType::float32, {3, 2}), z(DType::float32, {2, 3});
  check_throws("ERR_SHAPE", "permutation", [&] { run("transpose", {&x}, {&z}, {0, 0}); });
  check_throws("ERR_SHAPE", "permuted", [&] { run("transpose", {&x}, {&z}, {1, 0}); });
  check_throws("ERR_SHAPE", "per axis", [&] { run("transpose", {&x}, {&y}, {1}); });
  check_throws("ERR_VALUE", "attribute 0", [&] { run("transpose", {&x}, {&y}, {2, 0}); });
}

TEST("broadcast: repeats along new and single axes") {
  const std::vector<std::pair<Shape, Shape>> cases = {
      {{}, {2, 3}},    {{3}, {2, 3}}, {{2, 1}, {2, 3}}, {{2, 1, 4}, {5, 2, 3, 4}},
      {{1}, {100000}}, {{4}, {4}},    {{1, 3}, {0, 3}}, {{2, 1}, {2, 70000}}};
  for (const auto& [shape, larger] : cases) {
    const Shape &small = shape, &large = larger;
    Tensor x = counted<std::int32_t>(small), y(DType::int32, large);
    run("broadcast", {&x}, {&y});
    check_moved<std::int32_t>(x, y, "broadcast of " + to_string(small), [&](std::int64_t i) {
      Shape at = coordinates(large, i);
      at.erase(at.begin(), at.end() - static_cast<std::ptrdiff_t>(small.size()));
      for (std::size_t k = 0; k < at.size(); ++k) at[k] = small[k] == 1 ? 0 : at[k];
      return index_of(small, at);
    });
  }
  Tensor x(DType::float32, {2}), y(DType::float32, {2, 3});
  check_throws("ERR_SHAPE", "broadcast", [&] { run("broadcast", {&x}, {&y}); });
}

template <typename T>
void check_slice(const Shape& shape, const Shape& part, const std::vector<double>& attributes) {
  Tensor x = counted<T>(shape), y(x.dtype, part), back(x.dtype, shape);
  run("slice", {&x}, {&y}, attributes);
  const auto whole_index = [&](std::int64_t i) {
    Shape at = coordinates(part, i);
    for (std::size_t k = 0; k < at.size(); ++k) {
      at[k] = static_cast<std::int64_t>(attributes[2 * k]) +
              at[k] * static_cast<std::int64_t>(attributes[2 * k + 1]);
    }
    return index_of(shape, at);
  };
  check_moved<T>(x, y, "slice of " + to_string(shape), whole_index);
  run("sliceGrad", {&y}, {&back}, attributes);
  std::vector<std::int64_t> origin(static_cast<std::size_t>(x.size()), -1);
  for (std::int64_t i = 0; i < y.size(); ++i) origin[static_cast<std::size_t>(whole_index(i))] = i;
  check_moved<T>(y, back, "sliceGrad of " + to_string(shape),
                 [&](std::int64_t i) { return origin[static_cast<std::size_t>(i)]; });
}

TEST("slice: any start and step, and back") {
  check_slice<float>({10}, {4}, {2, 2});
  check_slice<float>({10}, {10}, {9, -1});
  check_slice<double>({10, 7}, {3, 7}, {1, 3, 0, 1});
  check_slice<std::uint8_t>({10, 7}, {10, 3}, {0, 1, 6, -3});
  check_slice<std::int32_t>({4, 5, 6}, {2, 1, 3}, {1, 2, 4, 1, 0, 2});
  check_slice<float>({4, 5}, {0, 2}, {0, 1, 0, 1});
  check_slice<float>({300, 400}, {150, 399}, {299, -2, 1, 1});
  Tensor x(DType::float32, {10}), y(DType::float32, {4}), one(DType::float32, {1});
  run("slice", {&x}, {&one}, {9, -9007199254740992.0});
  for (const std::vector<double>& wrong :
       {std::vector<double>{7, 1}, {2, -1}, {0, 4}, {10, 1}, {0, 9007199254740992.0}}) {
    check_throws("ERR_SHAPE", "leaves the tensor", [&] { run("slice", {&x}, {&y}, wrong); });
    check_throws("ERR_SHAPE", "leaves the tensor", [&] { run("sliceGrad", {&y}, {&x}, wrong); });
  }
  check_throws("ERR_SHAPE", "step is 0", [&] { run("slice", {&x}, {&y}, {0, 0}); });
  check_throws("ERR_VALUE", "attribute 0", [&] { run("slice", {&x}, {&y}, {-1, 1}); });
}

TEST("pad: surrounds with a constant") {
  Tensor x = counted<float>({3, 4}), y(DType::float32, {6, 9});
  run("pad", {&x}, {&y}, {1, 2, 0.5});
  check_moved<float>(
      x, y, "pad",
      [&](std::int64_t i) {
        const Shape at = coordinates(y.shape, i);
        const bool is_inside = at[0] >= 1 && at[0] < 4 && at[1] >= 2 && at[1] < 6;
        return is_inside ? index_of(x.shape, {at[0] - 1, at[1] - 2}) : -1;
      },
      0.5f);
  Tensor empty(DType::uint8, {0}), full(DType::uint8, {3});
  run("pad", {&empty}, {&full}, {1, 300});
  check_equal(int(full.at<std::uint8_t>(2)), 255, "a constant out of range");
  check_throws("ERR_SHAPE", "exceeds", [&] { run("pad", {&x}, {&y}, {4, 0, 0}); });
  check_throws("ERR_VALUE", "attribute 1", [&] { run("pad", {&x}, {&y}, {0, -1, 0}); });
  check_throws("ERR_SHAPE", "attribute", [&] { run("pad", {&x}, {&y}, {0, 0}); });
}

TEST("concat: joins along any axis") {
  for (std::size_t axis = 0; axis < 3; ++axis) {
    Shape first = {3, 4, 5}, second = first, joined = first;
    second[axis] = 2;
    joined[axis] += 2;
    Tensor a = counted<double>(first), b = counted<double>(second), y(DType::float64, joined);
    run("concat", {&a, &b}, {&y}, {static_cast<double>(axis)});
    for (std::int64_t i = 0; i < y.size(); ++i) {
      Shape at = coordinates(joined, i);
      const bool is_first = at[axis] < first[axis];
      if (!is_first) at[axis] -= first[axis];
      check_equal(y.at<double>(i),
                  is_first ? a.at<double>(index_of(first, at)) : b.at<double>(index_of(second, at)),
                  "concat");
    }
  }
  Tensor a(DType::float32, {2, 3}), b(DType::float32, {2, 2}), y(DType::float32, {2, 6});
  check_throws("ERR_SHAPE", "do not fill", [&] { run("concat", {&a, &b}, {&y}, {1}); });
  check_throws("ERR_SHAPE", "beside the axis", [&] { run("concat", {&a, &b}, {&y}, {0}); });
  check_throws("ERR_SHAPE", "exceed", [&] { run("concat", {&a, &a, &b}, {&y}, {1}); });
}

TEST("take: rows by index, and the sum of what was picked") {
  Tensor x = counted<float>({2, 5, 3}), index({4}, std::vector<std::int32_t>{4, 0, 4, 2}),
         y(DType::float32, {2, 4, 3});
  run("take", {&x, &index}, {&y});
  check_moved<float>(x, y, "take", [&](std::int64_t i) {
    const Shape at = coordinates(y.shape, i);
    return index_of(x.shape, {at[0], index.at<std::int32_t>(at[1]), at[2]});
  });
  Tensor dx(DType::float32, {2, 5, 3});
  run("takeGrad", {&y, &index}, {&dx});
  for (std::int64_t i = 0; i < dx.size(); ++i) {
    const std::int64_t v = coordinates(dx.shape, i)[1];
    const float times = v == 4 ? 2.0f : v == 0 || v == 2 ? 1.0f : 0.0f;
    check_equal(dx.at<float>(i), times * x.at<float>(i), "takeGrad");
  }
  index.data<std::int32_t>()[3] = 5;
  check_throws("ERR_INDEX", "take: index 5 at position 3 is outside [0, 5)",
               [&] { run("take", {&x, &index}, {&y}); });
  index.data<std::int32_t>()[1] = -1;
  check_throws("ERR_INDEX", "takeGrad: index -1 at position 1",
               [&] { run("takeGrad", {&y, &index}, {&dx}); });
  check_throws("ERR_SHAPE", "extents", [&] { run("take", {&x, &index}, {&dx}); });
}

TEST("takeGrad: many picks of few rows keep their digits, with the same bits for any number of threads") {
  const std::int64_t picks = 200000, inner = 3;
  Tensor g(DType::float32, {1, picks, inner}), index(DType::int32, {picks});
  for (std::int64_t i = 0; i < g.size(); ++i) g.data<float>()[i] = 0.1f;
  for (std::int64_t i = 0; i < picks; ++i)
    index.data<std::int32_t>()[i] = static_cast<std::int32_t>(i % 2 * 3);
  Tensor one(DType::float32, {1, 5, inner}), four = one;
  run("takeGrad", {&g, &index}, {&one}, {}, 1);
  run("takeGrad", {&g, &index}, {&four}, {}, 4);
  check(one.bytes == four.bytes, "threads change bits");
  check_near(one.at<float>(10), static_cast<double>(0.1f) * picks / 2, 1e-6, "a long sum");
  check_equal(one.at<float>(3), 0.0f, "a row nobody picked");
}

TEST("takeAlong: one index per element, and back") {
  for (const std::int64_t picks : {3, 20}) {
    Tensor x = counted<double>({4, 7, 1}), index(DType::int32, {4, picks, 1}), y(DType::float64, {4, picks, 1}),
           dx(DType::float64, {4, 7, 1});
    for (std::int64_t i = 0; i < index.size(); ++i)
      index.data<std::int32_t>()[i] = static_cast<std::int32_t>(i * 5 % 7);
    run("takeAlong", {&x, &index}, {&y});
    run("takeAlongGrad", {&y, &index}, {&dx});
    std::vector<double> expected(28, 0.0);
    for (std::int64_t i = 0; i < y.size(); ++i) {
      const std::int64_t from = i / picks * 7 + index.at<std::int32_t>(i);
      check_equal(y.at<double>(i), x.at<double>(from), "takeAlong");
      expected[static_cast<std::size_t>(from)] += x.at<double>(from);
    }
    for (std::int64_t i = 0; i < 28; ++i)
      check_equal(dx.at<double>(i), expected[static_cast<std::size_t>(i)], "takeAlongGrad");
  }
  Tensor x(DType::float32, {2, 3, 1}), index({2, 1, 1}, std::vector<std::int32_t>{0, 3}),
      y(DType::float32, {2, 1, 1});
  check_throws("ERR_INDEX", "takeAlong: index 3 at position 1 is outside [0, 3)",
               [&] { run("takeAlong", {&x, &index}, {&y}); });
}

TEST("iota: start, start + step, ...") {
  Tensor a(DType::int32, {5}), b(DType::float64, {100000}), c(DType::uint8, {3}), d(DType::boolean, {3});
  run("iota", {}, {&a}, {7, -2});
  check_equal(a.at<std::int32_t>(4), -1, "int32");
  run("iota", {}, {&b}, {0.5, 0.25});
  check_equal(b.at<double>(99999), 0.5 + 0.25 * 99999, "float64");
  run("iota", {}, {&c}, {254, 1});
  check_equal(int(c.at<std::uint8_t>(2)), 255, "uint8 stays in range");
  check_throws("ERR_SHAPE", "numeric", [&] { run("iota", {}, {&d}, {0, 1}); });
}

}  // namespace
}  // namespace palimpsest::test
