#include "column_sort.inl"

namespace palimpsest {

extern const ColumnSorts kAvx512ColumnSorts = kColumnSorts;

}  // namespace palimpsest
