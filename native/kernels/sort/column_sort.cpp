#include "column_sort.h"

#include "core/isa.h"

namespace palimpsest {

const ColumnSorts& column_sorts() {
#if defined(__x86_64__)
  if (isa() == Isa::avx512) return kAvx512ColumnSorts;
  if (isa() == Isa::avx2) return kAvx2ColumnSorts;
#endif
  return kBaselineColumnSorts;
}

}  // namespace palimpsest
