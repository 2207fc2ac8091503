#pragma once

#include <cmath>

#include "core/kernel.h"

namespace palimpsest {

// The last attribute of a norm: what is added to the variance.
inline double norm_eps(const Call& call, std::size_t index) {
  call.expect(call.attributes().size() == index + 1, "wrong number of attributes");
  const double eps = call.attribute(index);
  require(eps >= 0 && std::isfinite(eps), "ERR_VALUE", "the eps of a norm must be finite and not negative");
  return eps;
}

}  // namespace palimpsest
