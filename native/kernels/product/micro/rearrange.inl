// Moving operands into the order in which tiles read them. All of it is bound by loads and stores, one vector
// each.

// Rows that copying asks for ahead, and elements where rows follow each other without a gap.
constexpr Index kRowsAhead = 32;
constexpr Index kElementsAhead = 1024;

// Calls use(integral constant V, rows of V vectors): V is known to the compiler for narrow rows and 0 for
// others.
template <typename Use>
inline __attribute__((always_inline)) void with_vectors(Index vectors, const Use& use) {
  if (vectors == 1) {
    use(std::integral_constant<int, 1>());
  } else if (vectors == 2) {
    use(std::integral_constant<int, 2>());
  } else {
    use(std::integral_constant<int, 0>());
  }
}

// Rows of V vectors, or of `vectors` when V is 0.
template <typename T, int V, bool kAsk>
inline __attribute__((always_inline)) void copy_rows(const T* from, Index from_step, Index vectors,
                                                     Index rows, T* to, Index to_step) {
  for (Index k = 0; k < rows; ++k, from += from_step, to += to_step) {
    for (Index v = 0; v < (V == 0 ? vectors : V); ++v) {
      if (kAsk) __builtin_prefetch(from + kRowsAhead * from_step + v * kLanes<T>);
      store(to + v * kLanes<T>, load(from + v * kLanes<T>));
    }
  }
}

template <typename T>
void copy(const T* from, Index from_step, Index width, Index depth, T* to, Index to_step, Index spare) {
  constexpr Index L = kLanes<T>;
  const Index vectors = (width + L - 1) / L;
  // Rows whose last vector ends inside both blocks; the few others go element by element.
  const Index excess = vectors * L - width - spare;
  const Index step = from_step < to_step ? from_step : to_step;
  Index whole = depth;
  while (whole > 0 && (depth - whole) * step < excess) --whole;
  with_vectors(vectors, [&](auto v) { copy_rows<T, v, true>(from, from_step, vectors, whole, to, to_step); });
  for (Index k = whole; k < depth; ++k) {
    for (Index i = 0; i < width; ++i) to[k * to_step + i] = from[k * from_step + i];
  }
}

template <typename T>
void copy_blocks(const Blocks& blocks, const T* from, T* to) {
  const Index vectors = (blocks.width + kLanes<T> - 1) / kLanes<T>;
  with_vectors(vectors, [&](auto v) {
    for (Index i = 0; i < blocks.count; ++i) {
      copy_rows<T, v, false>(from + blocks.offsets[i], blocks.far_step, vectors, blocks.rows,
                             to + i * blocks.block_step, blocks.near_step);
    }
  });
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

// `count` <= L rows of `from` into lanes of `to`; `depth` is a multiple of L.
template <typename T>
inline void transpose_lanes(const T* from, Index from_step, Index count, Index depth, T* to, Index to_step) {
  constexpr Index L = kLanes<T>;
  for (Index k = 0; k < depth; k += L, from += L, to += L * to_step) {
    Vector<T> rows[L];
#pragma GCC unroll 16
    for (Index i = 0; i < L; ++i) {
      const T* row = from + (i < count ? i : 0) * from_step;
      rows[i] = load(row);
      // The next rows, for the second-level cache: rows are too short for hardware to learn where they go.
      __builtin_prefetch(row + L * from_step, 0, 2);
    }
    transpose_square<T, 1>(rows);
#pragma GCC unroll 16
    for (Index i = 0; i < L; ++i) store(to + i * to_step, rows[i]);
  }
}

template <typename T>
void transpose(const T* from, Index from_step, Index width, Index depth, T* to, Index to_step) {
  constexpr Index L = kLanes<T>;
  const Index squares = depth / L * L, rest = width % L;
  // Part of a vector comes first: it runs over into lanes that are written after it.
  if (rest > 0) {
    const Index first = width - rest;
    transpose_lanes(from + first * from_step, from_step, rest, squares, to + first, to_step);
  }
  for (Index first = 0; first + L <= width; first += L) {
    transpose_lanes(from + first * from_step, from_step, L, squares, to + first, to_step);
  }
  for (Index k = squares; k < depth; ++k) {
    for (Index i = 0; i < width; ++i) to[k * to_step + i] = from[i * from_step + k];
  }
}

// All bits of the lanes below `count`.
template <typename T>
inline __attribute__((always_inline)) Words<T> first_lanes(Index count) {
  Words<T> lane;
#pragma GCC unroll 16
  for (Index i = 0; i < kLanes<T>; ++i) lane[i] = static_cast<Word<T>>(i);
  return lane < static_cast<Word<T>>(count);
}

template <typename T>
void copy_clearing(const T* from, Index from_step, Index width, Index depth, T* to, Index to_step) {
  constexpr Index L = kLanes<T>;
  const Index whole = width / L * L;
  const Words<T> kept = first_lanes<T>(width - whole);
  for (Index k = 0; k < depth; ++k, from += from_step, to += to_step) {
    for (Index i = 0; i < whole; i += L) {
      __builtin_prefetch(from + i + kElementsAhead);
      store(to + i, load(from + i));
    }
    if (whole == width) continue;
    __builtin_prefetch(from + whole + kElementsAhead);
    if ((depth - 1 - k) * from_step >= whole + L - width) {
      store(to + whole, (Vector<T>)((Words<T>)load(from + whole) & kept));
    } else {
      for (Index i = whole; i < width; ++i) to[i] = from[i];
    }
  }
}

// One vector's width of `to` in all rows gains the lanes `kept` of N blocks.
template <typename T, int N>
inline void fold_vector(const T* const* from, const Words<T>* kept, Index rows, Index near_step, T* to,
                        Index far_step) {
  for (Index k = 0; k < rows; ++k, to += far_step) {
    Vector<T> sum = load(to);
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) sum += (Vector<T>)((Words<T>)load(from[n] + k * near_step) & kept[n]);
    store(to, sum);
  }
}

template <typename T>
void fold(const Blocks& blocks, const T* from, T* to) {
  constexpr Index L = kLanes<T>;
  constexpr int kTogether = 4;
  constexpr auto run = [](int count, const T* const* rows, const Words<T>* kept, const Blocks& b, T* target) {
    if (count == 1) fold_vector<T, 1>(rows, kept, b.rows, b.near_step, target, b.far_step);
    if (count == 2) fold_vector<T, 2>(rows, kept, b.rows, b.near_step, target, b.far_step);
    if (count == 3) fold_vector<T, 3>(rows, kept, b.rows, b.near_step, target, b.far_step);
    if (count == 4) fold_vector<T, 4>(rows, kept, b.rows, b.near_step, target, b.far_step);
  };
  Index end = 0;
  for (Index i = 0; i < blocks.count; ++i) {
    if (blocks.offsets[i] + blocks.width > end) end = blocks.offsets[i] + blocks.width;
  }
  for (Index first = 0; first < end; first += L) {
    const T* rows[kTogether];
    Words<T> kept[kTogether];
    int count = 0;
    for (Index i = 0; i < blocks.count; ++i) {
      // The lanes [low, high) of this vector lie on the block.
      const Index low = blocks.offsets[i] - first, high = low + blocks.width;
      if (low >= L || high <= 0) continue;
      kept[count] = first_lanes<T>(high < L ? high : L) & ~first_lanes<T>(low > 0 ? low : 0);
      rows[count++] = from + i * blocks.block_step - low;
      if (count < kTogether) continue;
      run(count, rows, kept, blocks, to + first);
      count = 0;
    }
    run(count, rows, kept, blocks, to + first);
  }
}

inline void widen_bfloat16(const std::uint16_t* from, Index count, float* to) {
  for (Index i = 0; i < count; ++i) to[i] = bfloat16_to_float(from[i]);
}

inline void widen_float16(const std::uint16_t* from, Index count, float* to) {
  Index i = 0;
#if defined(__F16C__)
  for (; i + 8 <= count; i += 8) {
    __m128i bits;
    __builtin_memcpy(&bits, from + i, sizeof(bits));
    const __m256 wide = _mm256_cvtph_ps(bits);
    __builtin_memcpy(to + i, &wide, sizeof(wide));
  }
#endif
  for (; i < count; ++i) to[i] = float16_to_float(from[i]);
}

// Four vectors of partial sums, added up in double every so often: short chains, for speed and for accuracy.
template <typename T>
double dot(const T* x, Index x_step, const T* y, Index y_step, Index width, Index depth) {
  constexpr Index L = kLanes<T>, kLongestChain = 64;
  double total = 0;
  Vector<T> sums[4] = {};
  Index chain = 0;
  const auto flush = [&] {
    const Vector<T> sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    for (Index lane = 0; lane < L; ++lane) total += sum[lane];
    for (Vector<T>& part : sums) part = Vector<T>{};
    chain = 0;
  };
  for (Index k = 0; k < depth; ++k, x += x_step, y += y_step) {
    Index i = 0;
    for (; i + 4 * L <= width; i += 4 * L) {
#pragma GCC unroll 4
      for (Index v = 0; v < 4; ++v) sums[v] += load(x + i + v * L) * load(y + i + v * L);
      if (++chain == kLongestChain) flush();
    }
    for (; i + L <= width; i += L) {
      sums[0] += load(x + i) * load(y + i);
      if (++chain == kLongestChain) flush();
    }
    for (; i < width; ++i) total += static_cast<double>(x[i]) * static_cast<double>(y[i]);
  }
  flush();
  return total;
}
