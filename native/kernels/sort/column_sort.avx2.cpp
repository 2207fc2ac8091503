#include "column_sort.inl"

namespace palimpsest {

extern const ColumnSorts kAvx2ColumnSorts = kColumnSorts;

}  // namespace palimpsest
