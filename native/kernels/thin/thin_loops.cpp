#include "thin_loops.h"

#include "core/half.h"
#include "core/isa.h"

namespace palimpsest::thin {

template <typename T, typename E>
const ThinLoops<T, E>& thin_loops() {
#if defined(__x86_64__)
  if (isa() == Isa::avx512) return Loops<T, E>::avx512;
  if (isa() == Isa::avx2) return Loops<T, E>::avx2;
#endif
  return Loops<T, E>::baseline;
}

template const ThinLoops<float, float>& thin_loops();
template const ThinLoops<double, double>& thin_loops();
template const ThinLoops<float, BFloat16>& thin_loops();
template const ThinLoops<float, Float16>& thin_loops();

}  // namespace palimpsest::thin
