#include "column_sort.inl"

namespace palimpsest {

extern const ColumnSorts kBaselineColumnSorts = kColumnSorts;

}  // namespace palimpsest
