// One pass of an optimiser over a parameter. The settings come as a tensor, so that a compiled step can
// change them.
#include <array>
#include <cmath>

#include "core/kernel.h"
#include "kernels/pieces.h"

namespace palimpsest {
namespace {

// The settings as doubles, whatever float dtype they came in.
template <std::size_t count>
std::array<double, count> settings_of(const Call& call, const View& hyper) {
  call.expect(hyper.shape == Shape{static_cast<std::int64_t>(count)}, "wrong number of settings in hyper");
  std::array<double, count> settings;
  dispatch_float(hyper.dtype, [&]<typename T>() {
    for (std::size_t i = 0; i < count; ++i) settings[i] = hyper.as<T>()[i];
  });
  return settings;
}

// d = grad + weightDecay * p;  velocity' = momentum * velocity + d;  p' = p - lr * (nesterov ? d + momentum *
// velocity' : velocity')
void sgd_step(const Call& call) {
  call.expect_counts(4, 2);
  const View& parameter = call.input(0);
  for (std::size_t i = 1; i < 3; ++i) call.expect(call.input(i).shape == parameter.shape, "shapes differ");
  for (std::size_t i = 0; i < 2; ++i) call.expect(call.output(i).shape == parameter.shape, "shapes differ");
  const auto [lr, momentum, weight_decay, nesterov] = settings_of<4>(call, call.input(3));
  dispatch_float(parameter.dtype, [&, lr = lr, momentum = momentum, weight_decay = weight_decay,
                                   nesterov = nesterov]<typename T>() {
    const T* p = parameter.as<T>();
    const T* grad = call.input(1).as<T>();
    const T* velocity = call.input(2).as<T>();
    T* new_p = call.output(0).as<T>();
    T* new_velocity = call.output(1).as<T>();
    const T rate = static_cast<T>(lr), mu = static_cast<T>(momentum), decay = static_cast<T>(weight_decay);
    const bool looks_ahead = nesterov != 0;
    call.workers.parallel_range(static_cast<std::size_t>(parameter.size), units_per_piece(1),
                                [&](std::size_t begin, std::size_t end) {
                                  for (std::size_t i = begin; i < end; ++i) {
                                    const T d = grad[i] + decay * p[i];
                                    const T v = mu * velocity[i] + d;
                                    new_velocity[i] = v;
                                    new_p[i] = p[i] - rate * (looks_ahead ? d + mu * v : v);
                                  }
                                });
  });
}

// m' = beta1 * m + (1 - beta1) * g;  v' = beta2 * v + (1 - beta2) * g^2;
// p' = p - lr * (m' / biasCorrection1) / (sqrt(v' / biasCorrection2) + eps)
// Weight decay: g = grad + weightDecay * p (Adam), or p is first multiplied by 1 - lr * weightDecay when
// decoupled (AdamW).
void adam_step(const Call& call) {
  call.expect_counts(5, 3);
  const View& parameter = call.input(0);
  for (std::size_t i = 1; i < 4; ++i) call.expect(call.input(i).shape == parameter.shape, "shapes differ");
  for (std::size_t i = 0; i < 3; ++i) call.expect(call.output(i).shape == parameter.shape, "shapes differ");
  const std::array<double, 8> hyper = settings_of<8>(call, call.input(4));
  dispatch_float(parameter.dtype, [&]<typename T>() {
    const T* p = parameter.as<T>();
    const T* grad = call.input(1).as<T>();
    const T* m = call.input(2).as<T>();
    const T* v = call.input(3).as<T>();
    T* new_p = call.output(0).as<T>();
    T* new_m = call.output(1).as<T>();
    T* new_v = call.output(2).as<T>();
    const bool decoupled = hyper[5] != 0;
    const T keep = static_cast<T>(decoupled ? 1 - hyper[0] * hyper[4] : 1);
    const T decay = static_cast<T>(decoupled ? 0 : hyper[4]);
    const T beta1 = static_cast<T>(hyper[1]), rest1 = static_cast<T>(1 - hyper[1]);
    const T beta2 = static_cast<T>(hyper[2]), rest2 = static_cast<T>(1 - hyper[2]);
    const T eps = static_cast<T>(hyper[3]);
    const T rate = static_cast<T>(hyper[0] / hyper[6]);
    const T root_scale = static_cast<T>(1 / std::sqrt(hyper[7]));
    call.workers.parallel_range(static_cast<std::size_t>(parameter.size), units_per_piece(1),
                                [&](std::size_t begin, std::size_t end) {
                                  for (std::size_t i = begin; i < end; ++i) {
                                    const T g = grad[i] + decay * p[i];
                                    const T first = beta1 * m[i] + rest1 * g;
                                    const T second = beta2 * v[i] + rest2 * g * g;
                                    new_m[i] = first;
                                    new_v[i] = second;
                                    new_p[i] =
                                        p[i] * keep - rate * (first / (std::sqrt(second) * root_scale + eps));
                                  }
                                });
  });
}

PALIMPSEST_KERNEL("sgdStep", sgd_step);
PALIMPSEST_KERNEL("adamStep", adam_step);

}  // namespace
}  // namespace palimpsest
