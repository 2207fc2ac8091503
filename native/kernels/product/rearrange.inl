// Moving operands into the order in which tiles read them. All of it is bound by loads and stores, one vector
// each.

template <typename T>
void copy(const T* from, Index from_step, Index width, Index depth, T* to, Index to_step, Index slack) {
  constexpr Index L = kLanes<T>;
  const Index vectors = (width + L - 1) / L;
  // Rows whose last vector ends inside the source; the few others go element by element.
  const Index excess = vectors * L - width - slack;
  Index safe = depth;
  while (safe > 0 && (safe - 1) * from_step + excess > (depth - 1) * from_step) --safe;
  for (Index k = 0; k < safe; ++k) {
    for (Index v = 0; v < vectors; ++v) store(to + v * L, load(from + v * L));
    from += from_step;
    to += to_step;
  }
  for (Index k = safe; k < depth; ++k) {
    for (Index i = 0; i < width; ++i) to[i] = from[i];
    from += from_step;
    to += to_step;
  }
}

// Interleaves the low (half = 0) or high (half = 1) halves of two vectors.
template <typename T, int half, int... I>
inline __attribute__((always_inline)) Vector<T> interleave(Vector<T> x, Vector<T> y,
                                                           std::integer_sequence<int, I...>) {
  constexpr int L = static_cast<int>(kLanes<T>);
  return __builtin_shufflevector(x, y, (half * L / 2 + I / 2 + (I % 2) * L)...);
}

// log2(L) rounds of interleaving row i with row i + L / 2 transpose a square of L vectors.
template <typename T, int stride>
inline __attribute__((always_inline)) void transpose_square(Vector<T> (&rows)[kLanes<T>]) {
  constexpr int L = static_cast<int>(kLanes<T>);
  using Lanes = std::make_integer_sequence<int, L>;
  if constexpr (stride < L) {
    Vector<T> mixed[L];
#pragma GCC unroll 8
    for (int i = 0; i < L / 2; ++i) {
      mixed[2 * i] = interleave<T, 0>(rows[i], rows[i + L / 2], Lanes());
      mixed[2 * i + 1] = interleave<T, 1>(rows[i], rows[i + L / 2], Lanes());
    }
#pragma GCC unroll 16
    for (int i = 0; i < L; ++i) rows[i] = mixed[i];
    transpose_square<T, stride * 2>(rows);
  }
}

template <typename T>
void transpose(const T* from, Index from_step, Index width, Index depth, T* to, Index to_step) {
  constexpr Index L = kLanes<T>;
  const Index squares_end = depth / L * L;
  for (Index k = 0; k < squares_end; k += L) {
    // Backwards: the last vectors run over into lanes that the first ones write after them.
    for (Index first = (width - 1) / L * L; first >= 0; first -= L) {
      const Index count = width - first < L ? width - first : L;
      const T* source = from + first * from_step + k;
      Vector<T> rows[L];
      if (count == L) {
#pragma GCC unroll 16
        for (Index i = 0; i < L; ++i) rows[i] = load(source + i * from_step);
      } else {
#pragma GCC unroll 16
        for (Index i = 0; i < L; ++i) rows[i] = load(source + (i < count ? i : 0) * from_step);
      }
      transpose_square<T, 1>(rows);
      T* target = to + k * to_step + first;
#pragma GCC unroll 16
      for (Index i = 0; i < L; ++i) store(target + i * to_step, rows[i]);
    }
  }
  for (Index k = squares_end; k < depth; ++k) {
    for (Index i = 0; i < width; ++i) to[k * to_step + i] = from[i * from_step + k];
  }
}

template <typename T>
void add(const T* from, Index from_step, Index width, Index depth, T* to, Index to_step) {
  constexpr Index L = kLanes<T>;
  const Index whole = width / L * L;
  for (Index k = 0; k < depth; ++k) {
    for (Index i = 0; i < whole; i += L) store(to + i, load(to + i) + load(from + i));
    for (Index i = whole; i < width; ++i) to[i] += from[i];
    from += from_step;
    to += to_step;
  }
}

template <typename T>
void square(T* values, Index count) {
  for (Index i = 0; i < count; ++i) values[i] *= values[i];
}

template <typename T>
double dot(const T* x, Index x_step, const T* y, Index y_step, Index width, Index depth) {
  constexpr Index L = kLanes<T>;
  const Index whole = width / L * L;
  double total = 0;
  for (Index k = 0; k < depth; ++k, x += x_step, y += y_step) {
    Vector<T> lanes = {};
    for (Index i = 0; i < whole; i += L) lanes += load(x + i) * load(y + i);
    T rest = 0;
    for (Index i = whole; i < width; ++i) rest += x[i] * y[i];
    double row = rest;
    for (Index i = 0; i < L; ++i) row += lanes[i];
    total += row;
  }
  return total;
}
