// Pooling and patches against loops over every tap, and the transposed maps by <g, f(x)> = <f'(g), x>.
#include <limits>

#include "support/check.h"
#include "support/tensors.h"

namespace palimpsest::test {
namespace {

Tensor numbers(Shape shape, std::uint64_t seed = 1) {
  Tensor t(DType::float64, std::move(shape));
  for (std::int64_t i = 0; i < t.size(); ++i) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    t.data<double>()[i] = static_cast<double>(seed >> 40) / (1 << 22) - 2;
  }
  return t;
}

double dot(const Tensor& a, const Tensor& b) {
  double sum = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) sum += a.at<double>(i) * b.at<double>(i);
  return sum;
}

std::int64_t positions(std::int64_t extent, std::int64_t kernel, std::int64_t stride, std::int64_t pad,
                       std::int64_t dilation = 1) {
  return (extent + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
}

struct Pool {
  std::int64_t planes, h, w, kh, kw, sh, sw, ph, pw;
  std::vector<double> attributes() const {
    return {double(kh), double(kw), double(sh), double(sw), double(ph), double(pw), double(ph), double(pw)};
  }
};
const std::vector<Pool> kPools = {{2, 4, 4, 2, 2, 2, 2, 0, 0}, {3, 7, 5, 3, 2, 2, 1, 1, 1},
                                  {1, 1, 1, 1, 1, 1, 1, 0, 0}, {2, 6, 9, 3, 3, 1, 1, 2, 2},
                                  {1, 5, 5, 5, 5, 3, 3, 0, 0}, {0, 5, 5, 2, 2, 2, 2, 0, 0},
                                  {2, 9, 9, 2, 2, 4, 3, 1, 0}, {40, 40, 40, 3, 3, 2, 2, 1, 1}};

TEST("pooling equals its definition, and avgPool2dGrad is the transposed map") {
  for (const Pool& p : kPools) {
    const std::int64_t oh = positions(p.h, p.kh, p.sh, p.ph), ow = positions(p.w, p.kw, p.sw, p.pw);
    Tensor x = numbers({p.planes, p.h, p.w}), y(DType::float64, {p.planes, oh, ow}), average = y;
    Tensor where(DType::int32, y.shape), g = numbers(y.shape, 5), dx(DType::float64, x.shape);
    run("maxPool2d", {&x}, {&y, &where}, p.attributes());
    run("avgPool2d", {&x}, {&average}, p.attributes());
    run("avgPool2dGrad", {&g}, {&dx}, p.attributes());
    for (std::int64_t i = 0; i < y.size(); ++i) {
      const std::int64_t plane = i / (oh * ow), row = i / ow % oh * p.sh - p.ph,
                         column = i % ow * p.sw - p.pw;
      double best = -std::numeric_limits<double>::infinity(), sum = 0;
      std::int64_t best_cell = -1;
      for (std::int64_t a = row; a < row + p.kh; ++a) {
        for (std::int64_t b = column; b < column + p.kw; ++b) {
          if (a < 0 || a >= p.h || b < 0 || b >= p.w) continue;
          const double value = x.at<double>((plane * p.h + a) * p.w + b);
          sum += value;
          if (value > best) best = value, best_cell = a * p.w + b;
        }
      }
      check_equal(y.at<double>(i), best, "maximum");
      check_equal(where.at<std::int32_t>(i), best_cell, "position of the maximum");
      check_near(average.at<double>(i), sum / double(p.kh * p.kw), 1e-14, "average");
    }
    check_near(dot(g, average), dot(dx, x), 1e-12, "<g, pool(x)> = <grad(g), x>");
  }
}

TEST("maxPool2d takes the first of equal cells and lets NaN win") {
  Tensor x({1, 2, 4}, std::vector<float>{3, 3, 1, NAN, 3, 0, 5, NAN}), y(DType::float32, {1, 1, 2});
  Tensor where(DType::int32, {1, 1, 2});
  run("maxPool2d", {&x}, {&y, &where}, {2, 2, 2, 2, 0, 0, 0, 0});
  check_equal(where.at<std::int32_t>(0), 0, "first of equals");
  check_equal(where.at<std::int32_t>(1), 3, "first NaN");
  check(std::isnan(y.at<float>(1)), "NaN is kept");
}

TEST("pooling refuses padding as wide as the window and extents that do not follow") {
  Tensor x = numbers({1, 4, 4}), y(DType::float64, {1, 2, 2}), where(DType::int32, {1, 2, 2});
  check_throws("ERR_SHAPE", "padding",
               [&] { run("maxPool2d", {&x}, {&y, &where}, {2, 2, 2, 2, 2, 0, 2, 0}); });
  check_throws("ERR_SHAPE", "extents", [&] { run("avgPool2d", {&x}, {&y}, {2, 2, 1, 2, 0, 0, 0, 0}); });
  const double wide = 1 << 30;
  check_throws("ERR_SHAPE", "far larger",
               [&] {
                 const double half = wide / 2;
                 run("maxPool2d", {&x}, {&y, &where}, {wide, wide, wide, wide, half, half, half, half});
               });
  check_throws("ERR_VALUE", "attribute 2", [&] { run("avgPool2d", {&x}, {&y}, {2, 2, 0, 2, 0, 0, 0, 0}); });
  check_throws("ERR_SHAPE", "attributes", [&] { run("avgPool2d", {&x}, {&y}, {2, 2, 2, 2, 0, 0, 0}); });
  check_throws("ERR_DTYPE", "expected", [&] { run("maxPool2d", {&x}, {&y, &y}, {2, 2, 2, 2, 0, 0, 0, 0}); });
}

struct Unfold {
  std::int64_t n, c, h, w, sh, sw, ph, pw, dh, dw, kh, kw;
  std::vector<double> attributes() const {
    return {double(sh), double(sw), double(ph), double(pw), double(dh),
            double(dw), double(ph), double(pw), double(kh), double(kw)};
  }
};
const std::vector<Unfold> kUnfolds = {
    {2, 3, 6, 5, 1, 1, 1, 1, 1, 1, 3, 3},  {1, 1, 4, 4, 2, 2, 0, 0, 1, 1, 2, 2},
    {1, 20, 9, 8, 2, 3, 2, 1, 2, 1, 3, 2}, {2, 2, 5, 5, 1, 1, 4, 4, 1, 1, 3, 3},
    {0, 2, 5, 5, 1, 1, 1, 1, 1, 1, 3, 3},  {3, 10, 20, 20, 1, 1, 1, 1, 1, 1, 3, 3},
    {1, 2, 7, 7, 1, 1, 0, 0, 3, 3, 3, 3}};

TEST("unfold equals its definition, and fold is the transposed map") {
  for (const Unfold& u : kUnfolds) {
    const std::int64_t oh = positions(u.h, u.kh, u.sh, u.ph, u.dh),
                       ow = positions(u.w, u.kw, u.sw, u.pw, u.dw);
    Tensor x = numbers({u.n, u.c, u.h, u.w}), patches(DType::float64, {u.n, oh * ow, u.c * u.kh * u.kw});
    Tensor g = numbers(patches.shape, 5), dx(DType::float64, x.shape);
    run("unfold", {&x}, {&patches}, u.attributes());
    run("fold", {&g}, {&dx}, u.attributes());
    std::int64_t k = 0;
    for (std::int64_t n = 0; n < u.n; ++n) {
      for (std::int64_t o = 0; o < oh * ow; ++o) {
        for (std::int64_t c = 0; c < u.c; ++c) {
          for (std::int64_t tap = 0; tap < u.kh * u.kw; ++tap, ++k) {
            const std::int64_t a = o / ow * u.sh - u.ph + tap / u.kw * u.dh,
                               b = o % ow * u.sw - u.pw + tap % u.kw * u.dw;
            const bool inside = a >= 0 && a < u.h && b >= 0 && b < u.w;
            const double expected = inside ? x.at<double>(((n * u.c + c) * u.h + a) * u.w + b) : 0;
            check_equal(patches.at<double>(k), expected, "patch value");
          }
        }
      }
    }
    check_near(dot(g, patches), dot(dx, x), 1e-12, "<g, unfold(x)> = <fold(g), x>");
  }
}

TEST("unfold refuses extents that do not follow from the window") {
  Tensor x = numbers({1, 1, 4, 4}), patches(DType::float64, {1, 4, 9});
  run("unfold", {&x}, {&patches}, {1, 1, 0, 0, 1, 1, 0, 0, 3, 3});
  check_throws("ERR_SHAPE", "extents",
               [&] { run("unfold", {&x}, {&patches}, {1, 1, 1, 0, 1, 1, 1, 0, 3, 3}); });
  check_throws("ERR_SHAPE", "extents",
               [&] { run("fold", {&patches}, {&x}, {1, 1, 0, 0, 2, 1, 0, 0, 3, 3}); });
  const double huge = 2147483647;
  check_throws("ERR_SHAPE", "extents",
               [&] { run("unfold", {&x}, {&patches}, {1, 1, huge, huge, 1, 1, huge, huge, huge, huge}); });
}

}  // namespace
}  // namespace palimpsest::test
