// Kernels under calls that our compiler would not emit: they must refuse with an Error or compute something,
// and never touch memory that is not theirs, which the sanitizer builds see.
#include <algorithm>
#include <iterator>

#include "support/check.h"
#include "support/tensors.h"

namespace palimpsest::test {
namespace {

struct Operand {
  DType dtype;
  Shape shape;
};

struct GoodCall {
  const char* name;
  std::vector<Operand> inputs;
  std::vector<Operand> outputs;
  std::vector<double> attributes;
};

Operand f(Shape shape) { return {DType::float32, std::move(shape)}; }
Operand d(Shape shape) { return {DType::float64, std::move(shape)}; }
Operand i(Shape shape) { return {DType::int32, std::move(shape)}; }

const std::vector<GoodCall> kGoodCalls = {
    {"maxPool2d", {f({2, 5, 4})}, {f({2, 3, 2}), i({2, 3, 2})}, {3, 2, 2, 2, 1, 0, 1, 0}},
    {"maxPool2dGrad", {f({2, 3, 2}), i({2, 3, 2})}, {f({2, 5, 4})}, {3, 2, 2, 2, 1, 0, 1, 0}},
    {"maxPool2dGrad", {f({2, 2, 2}), i({2, 2, 2})}, {f({2, 5, 4})}, {2, 2, 2, 2, 0, 0, 0, 0}},
    {"avgPool2d", {f({2, 5, 4})}, {f({2, 3, 2})}, {3, 2, 2, 2, 1, 0, 1, 0}},
    {"avgPool2dGrad", {f({2, 3, 2})}, {f({2, 5, 4})}, {3, 2, 2, 2, 1, 0, 1, 0}},
    {"resample", {f({2, 3, 4})}, {f({2, 2, 4})}, {0, 2, 1, 2, 0.5, 0.5, 0.25, 0.75}},
    {"fft", {f({2, 6, 3, 2})}, {f({2, 6, 3, 2})}, {1}},
    {"rfft", {f({2, 7})}, {f({2, 4, 2})}, {}},
    {"irfft", {f({2, 4, 2})}, {f({2, 7})}, {}},
    {"unfold", {f({1, 2, 4, 5})}, {f({1, 6, 8})}, {2, 2, 1, 0, 1, 2, 1, 0, 2, 2}},
    {"fold", {f({1, 6, 8})}, {f({1, 2, 4, 5})}, {2, 2, 1, 0, 1, 2, 1, 0, 2, 2}},
    {"conv2d", {f({2, 4, 3, 3}), f({6, 2, 2, 2}), f({6})}, {f({2, 6, 3, 2})}, {1, 1, 1, 0, 1, 1, 0, 0, 2}},
    {"conv2dInputGrad", {f({2, 6, 3, 2}), f({6, 2, 2, 2})}, {f({2, 4, 3, 3})}, {1, 1, 1, 0, 1, 1, 0, 0, 2}},
    {"conv2dWeightGrad", {f({2, 4, 3, 3}), f({2, 6, 3, 2})}, {f({6, 2, 2, 2})}, {1, 1, 1, 0, 1, 1, 0, 0, 2}},
    {"softmax", {f({3, 5})}, {f({3, 5})}, {}},
    {"logSoftmax", {f({3, 5})}, {f({3, 5})}, {}},
    {"softmaxCrossEntropy", {f({3, 5}), i({3})}, {f({3})}, {-100, 0.1}},
    {"softmaxCrossEntropyGrad", {f({3, 5}), i({3}), f({3})}, {f({3, 5})}, {-100, 0.1}},
    {"softCrossEntropy", {f({3, 5}), f({3, 5})}, {f({3})}, {}},
    {"softCrossEntropyGrad", {f({3, 5}), f({3, 5}), f({3})}, {f({3, 5})}, {}},
    {"rmsNorm", {f({3, 5}), f({5})}, {f({3, 5})}, {1e-6}},
    {"rmsNormGrad", {f({3, 5}), f({5}), f({3, 5})}, {f({3, 5})}, {1e-6}},
    {"batchNorm", {f({3, 2, 5}), f({2}), f({2})}, {f({3, 2, 5}), f({2}), f({2})}, {1e-5}},
    {"batchNormGrad", {f({3, 2, 5}), f({2}), f({3, 2, 5})}, {f({3, 2, 5})}, {1e-5}},
    {"layerNorm", {f({3, 5}), f({5}), f({5})}, {f({3, 5})}, {1e-5}},
    {"layerNormGrad", {f({3, 5}), f({5}), f({3, 5})}, {f({3, 5})}, {1e-5}},
    {"layerNormGrads", {f({3, 5}), f({5}), f({3, 5})}, {f({3, 5}), f({5}), f({5})}, {1e-5}},
    {"groupNorm", {f({2, 4, 3}), f({4}), f({4})}, {f({2, 4, 3})}, {2, 1e-5}},
    {"groupNormGrad", {f({2, 4, 3}), f({4}), f({2, 4, 3})}, {f({2, 4, 3})}, {2, 1e-5}},
    {"attention",
     {f({2, 4, 3, 5}), f({2, 2, 6, 5}), f({2, 2, 6, 3}), f({1, 4, 1, 6})},
     {f({2, 4, 3, 3}), f({2, 4, 3})},
     {0.5, 2, 1, 4, 2}},
    {"attentionGrad",
     {f({2, 4, 3, 5}), f({2, 2, 6, 5}), f({2, 2, 6, 3}), f({2, 4, 3, 3}), f({2, 4, 3}), f({2, 4, 3})},
     {f({2, 4, 3, 5}), f({2, 2, 6, 5}), f({2, 2, 6, 3})},
     {0.5, 0, 1, 0, 2}},
    {"rotary", {f({2, 2, 3, 5}), f({2, 3, 2}), f({2, 3, 2})}, {f({2, 2, 3, 5})}, {1}},
    {"cumsum", {f({2, 5, 3})}, {f({2, 5, 3})}, {1}},
    {"cumprod", {f({2, 5, 1})}, {f({2, 5, 1})}, {0}},
    {"cummax", {f({2, 5, 3})}, {f({2, 5, 3}), i({2, 5, 3})}, {0}},
    {"cummin", {f({2, 5, 1})}, {f({2, 5, 1}), i({2, 5, 1})}, {1}},
    {"logCumSumExp", {f({2, 5, 3})}, {f({2, 5, 3})}, {0}},
    {"linearScan", {f({2, 5, 3}), f({2, 5, 3})}, {f({2, 5, 3})}, {1}},
    {"sort", {f({3, 7})}, {f({3, 7})}, {1}},
    {"argsort", {d({3, 7})}, {i({3, 7})}, {0}},
    {"topk", {f({3, 7})}, {i({3, 2})}, {1}},
    {"searchSorted", {f({1, 7}), f({3, 4})}, {i({3, 4})}, {1}},
    {"bincount", {i({6})}, {i({5})}, {}},
    {"prod", {f({3, 7})}, {f({3})}, {1}},
    {"argmin", {f({3, 7})}, {i({3})}, {1}},
    {"randomBits", {i({2})}, {i({3, 7})}, {}},
    {"randomUniform", {i({2})}, {f({3, 7})}, {}},
    {"randomNormal", {i({2})}, {d({3, 7})}, {}},
    {"permutation", {i({2})}, {i({9})}, {}},
    {"splitKey", {i({2})}, {i({3, 2})}, {}},
    {"foldKey", {i({2}), i({})}, {i({2})}, {}},
    {"sgdStep", {f({3, 3}), f({3, 3}), f({3, 3}), f({4})}, {f({3, 3}), f({3, 3})}, {}},
    {"adamStep", {f({9}), f({9}), f({9}), f({9}), d({8})}, {f({9}), f({9}), f({9})}, {}},
    {"take", {f({2, 5, 3}), i({4})}, {f({2, 4, 3})}, {}},
    {"takeGrad", {f({2, 4, 3}), i({4})}, {f({2, 5, 3})}, {}},
    {"takeAlong", {f({2, 5, 3}), i({2, 4, 1})}, {f({2, 4, 3})}, {}},
    {"takeAlongGrad", {d({2, 4, 3}), i({2, 4, 3})}, {d({2, 5, 3})}, {}},
    {"put", {f({2, 5, 3}), i({2, 4, 1}), f({2, 4, 3})}, {f({2, 5, 3})}, {}},
    {"put", {d({2, 5, 3}), i({2, 4, 3}), d({2, 4, 3})}, {d({2, 5, 3})}, {}},
    {"flatIndex", {i({4, 2})}, {i({4})}, {3, 4, 4, 1}},
    {"nonzero", {f({2, 3})}, {i({0, 2})}, {}},
    {"roll", {f({2, 3, 4})}, {f({2, 3, 4})}, {2}},
    {"gatherSquareSum", {i({2, 3}), f({2, 3, 4})}, {f({5, 4})}, {}},
    {"gatherNorms", {i({2, 3}), d({2, 3, 4})}, {d({2})}, {5}},
    {"cholesky", {f({2, 3, 3})}, {f({2, 3, 3})}, {}},
    {"triangularSolve", {f({2, 3, 3}), f({2, 3, 4})}, {f({2, 3, 4})}, {1, 0, 1}},
    {"choleskySolve", {d({1, 3, 3}), d({2, 3, 4})}, {d({2, 3, 4})}, {}},
    {"luFactor", {f({2, 3, 3})}, {f({2, 3, 3}), i({2, 3})}, {}},
    {"luSolve", {f({2, 3, 3}), i({2, 3}), f({2, 3, 4})}, {f({2, 3, 4})}, {0}},
    {"rowOrder", {i({2, 3})}, {i({2, 3})}, {}},
    {"scatterMax", {f({2, 5, 3}), i({2, 4, 1}), f({2, 4, 3})}, {f({2, 5, 3}), i({2, 5, 3})}, {}},
    {"scatterMin", {d({2, 5, 3}), i({2, 4, 3}), d({2, 4, 3})}, {d({2, 5, 3}), i({2, 5, 3})}, {}},
    {"slogdet", {d({2, 3, 3})}, {d({2}), d({2})}, {}},
    {"eigh", {f({2, 3, 3})}, {f({2, 3}), f({2, 3, 3})}, {}},
    {"eigh", {d({2, 3, 3}), d({1, 2, 2})}, {d({2, 3}), d({2, 3, 3}), d({1, 2}), d({1, 2, 2})}, {}},
    {"eigvalsh", {d({2, 3, 3})}, {d({2, 3})}, {}},
    {"svd", {f({2, 4, 3})}, {f({2, 4, 3}), f({2, 3}), f({2, 3, 3})}, {0}},
    {"svd", {d({2, 4, 3})}, {d({2, 4, 4}), d({2, 3}), d({2, 3, 3})}, {1}},
    {"svdvals", {f({2, 3, 4})}, {f({2, 3})}, {}},
    {"qr", {f({2, 4, 3})}, {f({2, 4, 3}), f({2, 3, 3})}, {0}},
    {"qr", {d({2, 4, 3})}, {d({2, 4, 4}), d({2, 4, 3})}, {1}},
    {"matrixExponential", {f({2, 3, 3})}, {f({2, 3, 3})}, {}},
    {"assignment", {f({2, 3, 4})}, {i({2, 3}), i({2, 3})}, {}},
    {"simplexProjection", {f({2, 5})}, {f({2, 5})}, {1, 1}},
    {"elasticNet", {d({4, 3}), d({2, 4}), d({2})}, {d({2, 2, 3}), d({2, 2}), i({2, 2})}, {0.5, 1e-6, 10, 0}},
    {"dampen", {f({9}), f({9}), f({9}), d({2})}, {f({9}), d({2})}, {}},
};

class Dice {
 public:
  std::size_t below(std::size_t n) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::size_t>(state_ >> 33) % n;
  }

 private:
  std::uint64_t state_ = 7;
};

void change_operand(Dice& dice, Operand& operand) {
  // As large as an empty tensor may claim to be.
  const Shape vast = {0, (std::int64_t{1} << 53) - 1};
  switch (dice.below(4)) {
    case 0:
      operand.dtype = static_cast<DType>(dice.below(kDTypeCount));
      return;
    case 1:
      operand.shape.push_back(static_cast<std::int64_t>(dice.below(3)));
      return;
    case 2:
      operand.shape = vast;
      return;
    default:
      break;
  }
  if (operand.shape.empty() || operand.shape.front() == 0) return;  // a vast one must stay empty
  operand.shape[dice.below(operand.shape.size())] = static_cast<std::int64_t>(dice.below(7));
}

// One change to a call: an operand, an attribute, or their number.
void change(Dice& dice, GoodCall& call) {
  const double values[] = {0, 1, 2, 3, 5, -1, 0.5, 1e9, 2147483647, 2147483648, 1e300, std::nan("")};
  auto& side = dice.below(2) == 0 ? call.inputs : call.outputs;
  switch (dice.below(8)) {
    case 0:
      call.attributes.push_back(1);
      return;
    case 1:
      side.push_back(f({2}));
      return;
    case 2:
      if (!side.empty()) side.pop_back();
      return;
    case 3:
    case 4:
      if (!call.attributes.empty())
        call.attributes[dice.below(call.attributes.size())] = values[dice.below(12)];
      return;
    default:
      if (!side.empty()) change_operand(dice, side[dice.below(side.size())]);
  }
}

std::vector<Tensor> tensors_of(Dice& dice, const std::vector<Operand>& operands) {
  std::vector<Tensor> tensors;
  for (const Operand& operand : operands) {
    tensors.emplace_back(operand.dtype, operand.shape);
    // Mostly zeros, which are good indices and keys, and at times any bytes.
    for (std::byte& byte : tensors.back().bytes)
      byte = static_cast<std::byte>(dice.below(8) == 0 ? dice.below(256) : 0);
  }
  return tensors;
}

std::vector<Tensor*> pointers(std::vector<Tensor>& tensors) {
  std::vector<Tensor*> all;
  for (Tensor& tensor : tensors) all.push_back(&tensor);
  return all;
}

void try_call(Dice& dice, const GoodCall& call) {
  auto inputs = tensors_of(dice, call.inputs);
  auto outputs = tensors_of(dice, call.outputs);
  run(call.name, pointers(inputs), pointers(outputs), call.attributes, 1);
}

TEST("kernels accept the calls they are made for") {
  Dice dice;
  for (const GoodCall& call : kGoodCalls) {
    try {
      try_call(dice, call);
    } catch (const Error& error) {
      // Labels may be any bytes, and so may elements that are to be as many as announced.
      const std::string codes[] = {"ERR_INDEX", "ERR_VALUE", "ERR_SINGULAR", "ERR_NOT_POSITIVE_DEFINITE",
                                   "ERR_NO_CONVERGENCE"};
      const bool depends_on_data =
          std::find(std::begin(codes), std::end(codes), error.code) != std::end(codes);
      check(depends_on_data, call.name + std::string(": ") + error.what());
    }
  }
}

TEST("kernels survive calls that nobody should make") {
  Dice dice;
  for (int round = 0; round < 100000; ++round) {
    GoodCall call = kGoodCalls[dice.below(kGoodCalls.size())];
    for (std::size_t changes = 1 + dice.below(3); changes > 0; --changes) change(dice, call);
    try {
      try_call(dice, call);
    } catch (const Error&) {
    }
  }
}

}  // namespace
}  // namespace palimpsest::test
