#include "attention_shape.h"

namespace palimpsest {

AttentionShape attention_shape(const Call& call, std::size_t others) {
  const bool biased = call.input_count() > 3 + others;
  call.expect(call.input_count() == 3 + others + (biased ? 1 : 0), "q, k, v and at most one bias expected");
  call.expect(call.attributes().size() == 5, "five attributes expected");
  const View &q = call.input(0), &k = call.input(1), &v = call.input(2);
  call.expect(q.rank() == 4 && k.rank() == 4 && v.rank() == 4, "expected q, k and v of rank 4");
  AttentionShape s{};
  s.examples = q.dim(0);
  s.heads = q.dim(1);
  s.queries = q.dim(2);
  s.width = q.dim(3);
  s.key_heads = k.dim(1);
  s.keys = k.dim(2);
  s.value_width = v.dim(3);
  call.expect(k.shape == Shape{s.examples, s.key_heads, s.keys, s.width} &&
                  v.shape == Shape{s.examples, s.key_heads, s.keys, s.value_width},
              "expected q [N, H, Tq, D], k [N, Hk, Tk, D] and v [N, Hk, Tk, Dv]");
  call.expect(s.key_heads == 0 ? s.heads == 0 : s.heads % s.key_heads == 0,
              "the heads of q must be a multiple of those of k");
  call.expect(s.width > 0, "queries and keys need a number at least");
  s.scale = call.attribute(0);
  s.cap = call.attribute(1);
  call.expect(s.cap >= 0, "the cap of the scores must not be negative");
  s.causal = call.integer(2, 0, 1) != 0;
  s.window = call.integer(3, 0, std::int64_t{1} << 40);
  s.prefix = call.integer(4, 0, s.keys);
  if (biased) {
    const View& bias = call.input(3);
    const auto fits = [&](Index axis, Index extent) {
      return bias.dim(axis) == 1 || bias.dim(axis) == extent;
    };
    call.expect(bias.rank() == 4 && bias.dtype == q.dtype && fits(0, s.examples) && fits(1, s.heads) &&
                    fits(2, s.queries) && bias.dim(3) == s.keys,
                "expected a bias [N or 1, H or 1, Tq or 1, Tk]");
    s.bias = &bias;
  }
  for (std::size_t i = 1; i < call.input_count(); ++i) {
    call.expect(call.input(i).dtype == q.dtype, "expected inputs of one dtype");
  }
  return s;
}

}  // namespace palimpsest
