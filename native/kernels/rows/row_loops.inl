// The table of row loops of one instruction set.
#include "norm_rows.inl"
#include "row_loops.h"
#include "softmax_rows.inl"

namespace palimpsest {
namespace {

template <typename T>
constexpr RowLoops<T> kRowLoopsOf = {softmax_row<T>,
                                     log_softmax_row<T>,
                                     softmax_grad_row<T>,
                                     softmax_grad_of_scores_row<T>,
                                     cross_entropy_row<T>,
                                     cross_entropy_grad_row<T>,
                                     soft_cross_entropy_row<T>,
                                     soft_cross_entropy_grad_row<T>,
                                     layer_norm_row<T>,
                                     layer_norm_grad_row<T>,
                                     layer_norm_grads_row<T>,
                                     group_norm_rows<T>,
                                     group_norm_grad_rows<T>,
                                     rms_norm_row<T>,
                                     rms_norm_grad_row<T>,
                                     batch_norm_runs<T>,
                                     batch_norm_grad_runs<T>};

}  // namespace
}  // namespace palimpsest
