// One pass of an optimiser over a parameter. The settings come as a tensor, so that a compiled step can
// change them.
#include <array>

#include "core/kernel.h"
#include "kernels/parameter_loops/parameter_loops.h"
#include "kernels/pieces.h"

namespace palimpsest {
namespace {

// The settings as doubles, whatever float dtype they came in.
template <std::size_t count>
std::array<double, count> settings_of(const Call& call, const View& hyper) {
  call.expect(hyper.shape == Shape{static_cast<std::int64_t>(count)}, "wrong number of settings in hyper");
  std::array<double, count> settings;
  dispatch_float(hyper.dtype, [&]<typename T>() {
    for (std::size_t i = 0; i < count; ++i) settings[i] = static_cast<double>(hyper.as<T>()[i]);
  });
  return settings;
}

// The first `inputs` inputs and all outputs must have the parameter's shape.
void expect_same_shapes(const Call& call, std::size_t inputs) {
  const Shape& shape = call.input(0).shape;
  for (std::size_t i = 1; i < inputs; ++i) call.expect(call.input(i).shape == shape, "shapes differ");
  for (std::size_t i = 0; i < call.output_count(); ++i)
    call.expect(call.output(i).shape == shape, "shapes differ");
  call.expect(call.attributes().empty(), "no attributes expected");
}

// d = grad + weightDecay * p
// velocity' = momentum * velocity + d
// p' = p - lr * (nesterov ? d + momentum * velocity' : velocity')
void sgd_step(const Call& call) {
  call.expect_counts(4, 2);
  expect_same_shapes(call, 3);
  const View& parameter = call.input(0);
  const auto [lr, momentum, weight_decay, nesterov] = settings_of<4>(call, call.input(3));
  const SgdSettings settings{lr, momentum, weight_decay, nesterov != 0};
  dispatch_float(parameter.dtype, [&]<typename T>() {
    const T* p = parameter.as<T>();
    const T* grad = call.input(1).as<T>();
    const T* velocity = call.input(2).as<T>();
    T* new_p = call.output(0).as<T>();
    T* new_velocity = call.output(1).as<T>();
    const std::size_t size = static_cast<std::size_t>(parameter.size);
    const Write write = write_for(2 * size * sizeof(T));
    const auto loop = parameter_loops().of<T>().sgd;
    call.workers.parallel_range(size, units_per_piece(1), [&](std::size_t i, std::size_t end) {
      loop(end - i, p + i, grad + i, velocity + i, settings, write, new_p + i, new_velocity + i);
    });
  });
}

// m' = beta1 * m + (1 - beta1) * g
// v' = beta2 * v + (1 - beta2) * g^2
// p' = p - lr * (m' / biasCorrection1) / (sqrt(v' / biasCorrection2) + eps)
// Weight decay: g = grad + weightDecay * p (Adam), or p is first multiplied by 1 - lr * weightDecay when
// decoupled (AdamW).
void adam_step(const Call& call) {
  call.expect_counts(5, 3);
  expect_same_shapes(call, 4);
  const View& parameter = call.input(0);
  const auto hyper = settings_of<8>(call, call.input(4));
  const AdamSettings settings{hyper[0], hyper[1],      hyper[2], hyper[3],
                              hyper[4], hyper[5] != 0, hyper[6], hyper[7]};
  dispatch_float(parameter.dtype, [&]<typename T>() {
    const T* p = parameter.as<T>();
    const T* grad = call.input(1).as<T>();
    const T* m = call.input(2).as<T>();
    const T* v = call.input(3).as<T>();
    T* new_p = call.output(0).as<T>();
    T* new_m = call.output(1).as<T>();
    T* new_v = call.output(2).as<T>();
    const std::size_t size = static_cast<std::size_t>(parameter.size);
    const Write write = write_for(3 * size * sizeof(T));
    const auto loop = parameter_loops().of<T>().adam;
    call.workers.parallel_range(size, units_per_piece(1), [&](std::size_t i, std::size_t end) {
      loop(end - i, p + i, grad + i, m + i, v + i, settings, write, new_p + i, new_m + i, new_v + i);
    });
  });
}

PALIMPSEST_KERNEL("sgdStep", sgd_step);
PALIMPSEST_KERNEL("adamStep", adam_step);

}  // namespace
}  // namespace palimpsest
