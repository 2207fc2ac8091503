// The bit stream against published vectors, and the distributions by their moments.
#include <algorithm>
#include <set>

#include "core/philox.h"
#include "support/check.h"
#include "support/tensors.h"

namespace palimpsest::test {
namespace {

Tensor key(std::int32_t a, std::int32_t b) { return Tensor({2}, std::vector<std::int32_t>{a, b}); }

Tensor drawn(const char* kernel, DType dtype, Shape shape, std::int32_t seed = 42, std::size_t threads = 2) {
  Tensor k = key(seed, 7), y(dtype, std::move(shape));
  run(kernel, {&k}, {&y}, {}, threads);
  return y;
}

TEST("philox4x32 gives the published vectors") {
  using Words = std::array<std::uint32_t, 4>;
  check(philox4x32({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, "zeros");
  const std::uint32_t f = 0xffffffff;
  check(philox4x32({f, f, f, f}, {f, f}) == Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}, "ones");
  check(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
            Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
        "digits of pi");
}

TEST("randomBits is the documented stream, whatever the length and the number of threads") {
  Tensor zero = key(0, 0), first(DType::int32, {4});
  run("randomBits", {&zero}, {&first});
  check_equal(static_cast<std::uint32_t>(first.at<std::int32_t>(0)), 0x6627e8d5u, "word 0");
  check_equal(static_cast<std::uint32_t>(first.at<std::int32_t>(3)), 0x9b00dbd8u, "word 3");
  const Tensor whole = drawn("randomBits", DType::int32, {70001});
  for (const std::int64_t n : {0, 1, 3, 17, 1023, 1025, 40000}) {
    const Tensor part = drawn("randomBits", DType::int32, {n}, 42, 1);
    check(std::equal(part.bytes.begin(), part.bytes.end(), whole.bytes.begin()), "a prefix of the stream");
  }
  for (std::int64_t block : {0, 1000, 17499}) {
    const auto words = random_block({42, 7}, RandomStream::draws, static_cast<std::uint64_t>(block));
    for (std::int64_t w = 0; w < 4; ++w) {
      check_equal(static_cast<std::uint32_t>(whole.at<std::int32_t>(4 * block + w)),
                  words[static_cast<std::size_t>(w)], "word of a block");
    }
  }
}

template <typename T>
void check_uniform() {
  const std::int64_t n = 200001;
  const Tensor y = drawn("randomUniform", DTypeOf<T>::value, {n});
  double sum = 0, squares = 0, low = 1, high = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const double u = y.at<T>(i);
    sum += u;
    squares += u * u;
    low = std::min(low, u);
    high = std::max(high, u);
  }
  check(low >= 0 && high < 1 && low < 1e-4 && high > 1 - 1e-4, "range [0, 1)");
  check_near(sum / n, 0.5, 0.003, "mean");  // four standard errors: 4 * 0.289 / sqrt(n)
  check_near(squares / n, 1.0 / 3, 0.003, "second moment");
}

TEST("randomUniform is uniform on [0, 1)") {
  check_uniform<float>();
  check_uniform<double>();
}

TEST("randomUniform takes the upper bits of the words") {
  const Tensor bits = drawn("randomBits", DType::int32, {10}),
               single = drawn("randomUniform", DType::float32, {5});
  const Tensor twice = drawn("randomUniform", DType::float64, {5});
  for (std::int64_t i = 0; i < 5; ++i) {
    const auto word = [&](std::int64_t j) {
      return std::uint64_t{static_cast<std::uint32_t>(bits.at<std::int32_t>(j))};
    };
    check_equal(single.at<float>(i), static_cast<float>(word(i) >> 8) * 0x1p-24f, "24 bits");
    const std::uint64_t wide = word(2 * i) | word(2 * i + 1) << 32;
    check_equal(twice.at<double>(i), static_cast<double>(wide >> 11) * 0x1p-53, "53 bits");
  }
}

template <typename T>
void check_normal() {
  const std::int64_t n = 200001;
  const Tensor y = drawn("randomNormal", DTypeOf<T>::value, {n});
  double moments[5] = {}, neighbours = 0, high = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const double z = y.at<T>(i);
    for (int k = 1; k < 5; ++k) moments[k] += std::pow(z, k) / n;
    if (i > 0) neighbours += z * y.at<T>(i - 1) / n;
    high = std::max(high, std::abs(z));
  }
  check_near(moments[1], 0, 0.01, "mean");
  check_near(moments[2], 1, 0.015, "variance");
  check_near(moments[3], 0, 0.03, "skewness");
  check_near(moments[4], 3, 0.03, "kurtosis");
  check_near(neighbours, 0, 0.01, "correlation of neighbours");
  check(high > 4 && high < 7, "largest of 200,000 values");
}

TEST("randomNormal has the moments of the normal distribution") {
  check_normal<float>();
  check_normal<double>();
}

TEST("randomNormal is Box-Muller on pairs of words") {
  const Tensor bits = drawn("randomBits", DType::int32, {4000}),
               single = drawn("randomNormal", DType::float32, {4000});
  const Tensor twice = drawn("randomNormal", DType::float64, {2000});
  const double turn = 6.283185307179586;
  const auto word = [&](std::int64_t j) {
    return std::uint64_t{static_cast<std::uint32_t>(bits.at<std::int32_t>(j))};
  };
  for (std::int64_t j = 0; j < 2000; ++j) {
    const double radius = std::sqrt(-2 * std::log((double(word(2 * j)) + 1) * 0x1p-32));
    const double angle = double(word(2 * j + 1)) * 0x1p-32 * turn;
    check_near(single.at<float>(2 * j), radius * std::cos(angle), 1e-6, "float32 cosine");
    check_near(single.at<float>(2 * j + 1), radius * std::sin(angle), 1e-6, "float32 sine");
  }
  for (std::int64_t j = 0; j < 1000; ++j) {
    const std::uint64_t a = word(4 * j) | word(4 * j + 1) << 32, b = word(4 * j + 2) | word(4 * j + 3) << 32;
    const double radius = std::sqrt(-2 * std::log((double(a >> 11) + 1) * 0x1p-53)),
                 angle = double(b) * 0x1p-64 * turn;
    check_near(twice.at<double>(2 * j), radius * std::cos(angle), 1e-14, "float64 cosine");
    check_near(twice.at<double>(2 * j + 1), radius * std::sin(angle), 1e-14, "float64 sine");
  }
}

TEST("random tensors are the same bits for any number of threads and for any length") {
  for (const char* kernel : {"randomUniform", "randomNormal"}) {
    for (const DType dtype : {DType::float32, DType::float64}) {
      const Tensor whole = drawn(kernel, dtype, {50003});
      check(whole.bytes == drawn(kernel, dtype, {50003}, 42, 1).bytes, "threads");
      const Tensor part = drawn(kernel, dtype, {4099});
      check(std::equal(part.bytes.begin(), part.bytes.end(), whole.bytes.begin()), "prefix");
      check(drawn(kernel, dtype, {8}, 43).bytes != drawn(kernel, dtype, {8}, 42).bytes, "keys matter");
    }
  }
}

TEST("permutation holds every index once and does not depend on the threads") {
  for (const std::int64_t n : {0, 1, 2, 3, 100, 4095, 4096, 100001}) {
    const Tensor order = drawn("permutation", DType::int32, {n});
    check(order.bytes == drawn("permutation", DType::int32, {n}, 42, 1).bytes, "threads");
    std::vector<char> seen(static_cast<std::size_t>(n));
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int32_t index = order.at<std::int32_t>(i);
      check(index >= 0 && index < n && !seen[static_cast<std::size_t>(index)], "each index once");
      seen[static_cast<std::size_t>(index)] = 1;
    }
  }
}

TEST("permutation is the stable order of the 64-bit words of its stream") {
  for (const std::int64_t n : {1000, 5000}) {
    std::vector<std::pair<std::uint64_t, std::int32_t>> expected;
    for (std::int64_t i = 0; i < n; ++i) {
      const auto words = random_block({42, 7}, RandomStream::permutation, static_cast<std::uint64_t>(i) / 2);
      const std::size_t w = static_cast<std::size_t>(i % 2) * 2;
      expected.push_back({words[w] | std::uint64_t{words[w + 1]} << 32, static_cast<std::int32_t>(i)});
    }
    std::sort(expected.begin(), expected.end());
    const Tensor order = drawn("permutation", DType::int32, {n});
    for (std::int64_t i = 0; i < n; ++i) {
      check_equal(order.at<std::int32_t>(i), expected[static_cast<std::size_t>(i)].second, "order");
    }
  }
}

TEST("permutation is unbiased: every order of three comes equally often") {
  int counts[27] = {};
  const int rounds = 6000;
  for (int seed = 0; seed < rounds; ++seed) {
    const Tensor p = drawn("permutation", DType::int32, {3}, seed, 1);
    ++counts[9 * p.at<std::int32_t>(0) + 3 * p.at<std::int32_t>(1) + p.at<std::int32_t>(2)];
  }
  for (const int count : counts)
    check(count == 0 || std::abs(count - rounds / 6) < 120, "about a thousand each");
}

TEST("splitKey gives distinct keys from a stream of its own") {
  Tensor parent = key(1, 2), keys(DType::int32, {1000, 2}), draws(DType::int32, {2000});
  run("splitKey", {&parent}, {&keys});
  run("randomBits", {&parent}, {&draws});
  std::set<std::pair<std::int32_t, std::int32_t>> seen;
  for (std::int64_t i = 0; i < 1000; ++i)
    seen.insert({keys.at<std::int32_t>(2 * i), keys.at<std::int32_t>(2 * i + 1)});
  check_equal(seen.size(), std::size_t{1000}, "distinct keys");
  check(!std::equal(keys.bytes.begin(), keys.bytes.begin() + 16, draws.bytes.begin()), "not the drawn words");
}

TEST("foldKey is the first two words of block i of its own stream, for negative indices too") {
  for (const std::int32_t index : {0, 1, 1000000, -1}) {
    Tensor parent = key(1, 2), i({}, std::vector<std::int32_t>{index}), child(DType::int32, {2});
    run("foldKey", {&parent, &i}, {&child});
    const auto words = random_block({1, 2}, RandomStream::folds, static_cast<std::uint32_t>(index));
    check_equal(static_cast<std::uint32_t>(child.at<std::int32_t>(0)), words[0], "first word");
    check_equal(static_cast<std::uint32_t>(child.at<std::int32_t>(1)), words[1], "second word");
  }
}

TEST("random kernels refuse keys and outputs of the wrong kind") {
  Tensor k = key(0, 0), wrong({3}, std::vector<std::int32_t>{0, 0, 0}), y(DType::float32, {4}),
         i(DType::int32, {4});
  Tensor scalar({2}, std::vector<float>{0, 0});
  check_throws("ERR_SHAPE", "key", [&] { run("randomUniform", {&wrong}, {&y}); });
  check_throws("ERR_DTYPE", "int32", [&] { run("randomUniform", {&scalar}, {&y}); });
  check_throws("ERR_DTYPE", "float", [&] { run("randomNormal", {&k}, {&i}); });
  check_throws("ERR_DTYPE", "int32", [&] { run("permutation", {&k}, {&y}); });
  check_throws("ERR_SHAPE", "[k, 2]", [&] { run("splitKey", {&k}, {&i}); });
}

}  // namespace
}  // namespace palimpsest::test
