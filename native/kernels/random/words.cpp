#include "words.h"

#include "core/isa.h"

namespace palimpsest {

WordLoop random_words() {
#if defined(__x86_64__)
  if (isa() == Isa::avx512) return kAvx512Words;
  if (isa() == Isa::avx2) return kAvx2Words;
#endif
  return kBaselineWords;
}

}  // namespace palimpsest
