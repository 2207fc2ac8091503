#include "thin_loops.h"

#include "core/isa.h"

namespace palimpsest::thin {

template <typename T>
const ThinLoops<T>& thin_loops() {
#if defined(__x86_64__)
  if (isa() == Isa::avx512) return Loops<T>::avx512;
  if (isa() == Isa::avx2) return Loops<T>::avx2;
#endif
  return Loops<T>::baseline;
}

template const ThinLoops<float>& thin_loops();
template const ThinLoops<double>& thin_loops();

}  // namespace palimpsest::thin
