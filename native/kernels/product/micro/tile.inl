// Register tiles of R rows by V vectors. R * V accumulators live in registers for the whole depth; one step
// loads V vectors of columns, broadcasts R values and does R * V multiply-adds, so it is bound by arithmetic
// as soon as R * V / 2 cycles exceed (R + V) / 2 loads.

// Columns are asked for this many steps ahead: some 200 cycles in the tallest tile, about the latency of the
// third-level cache. The first sliver of rows that meets a sliver of columns would stand still without it.
constexpr Index kAhead = 16;

template <typename T, int R, int V, bool kRowsApart>
inline __attribute__((always_inline)) void multiply(const T* a, Index a_step, const T* b, Index b_step,
                                                    Index depth, Vector<T> (&sum)[R][V]) {
  for (Index k = 0; k < depth; ++k) {
    Vector<T> columns[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) {
      columns[v] = load(b + v * kLanes<T>);
      __builtin_prefetch(b + kAhead * b_step + v * kLanes<T>);
    }
#pragma GCC unroll 12
    for (int i = 0; i < R; ++i) {
      const T row = kRowsApart ? a[i * a_step] : a[i];
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) sum[i][v] += row * columns[v];
    }
    a += kRowsApart ? 1 : a_step;
    b += b_step;
  }
}

// Calls use(address, row, vector) for the vectors of a tile of the output.
template <typename T, int R, int V, typename Use>
inline __attribute__((always_inline)) void for_each_vector(T* c, Index c_step, const Use& use) {
#pragma GCC unroll 12
  for (int i = 0; i < R; ++i, c += c_step) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) use(c + v * kLanes<T>, i, v);
  }
}

template <typename T, int R, int V, bool kRowsApart>
void tile(const Tile<T>& job) {
  Vector<T> sum[R][V] = {};
  if (job.row_start != nullptr) {
#pragma GCC unroll 12
    for (int i = 0; i < R; ++i) {
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) sum[i][v] += job.row_start[i];
    }
  } else if (job.column_start != nullptr) {
#pragma GCC unroll 12
    for (int i = 0; i < R; ++i) {
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) sum[i][v] = load(job.column_start + v * kLanes<T>);
    }
  }
  T* c = job.c;
  const Index c_step = job.c_step;
  for_each_vector<T, R, V>(c, c_step, [](T* at, int, int) { __builtin_prefetch(at, 1); });
  multiply<T, R, V, kRowsApart>(job.a, job.a_step, job.b, job.b_step, job.depth, sum);
  if (job.update == Update::add) {
    for_each_vector<T, R, V>(c, c_step, [&](T* at, int i, int v) { store(at, load(at) + sum[i][v]); });
  } else {
    for_each_vector<T, R, V>(c, c_step, [&](T* at, int i, int v) { store(at, sum[i][v]); });
  }
}

// The products of several examples, one behind the other in `a` and `b`: calls use(product) for each.
template <typename T, int R, int V, bool kRowsApart, typename Use>
inline __attribute__((always_inline)) void for_each_example(const Tile<T>& job, const Use& use) {
  const T* a = job.a;
  const T* b = job.b;
  for (Index example = 0; example < job.examples; ++example) {
    Vector<T> sum[R][V] = {};
    multiply<T, R, V, kRowsApart>(a, job.a_step, b, job.b_step, job.depth, sum);
    a += job.depth * (kRowsApart ? 1 : job.a_step);
    b += job.depth * job.b_step;
    use(sum);
  }
}

// The output stays in registers beside the product of the current example, which never goes to memory. An
// element takes one multiply-add an example more than in the plain product.
template <typename T, int R, int V, bool kRowsApart>
void squares_of_short(const Tile<T>& job) {
  Vector<T> total[R][V] = {};
  for_each_example<T, R, V, kRowsApart>(job, [&](const Vector<T>(&sum)[R][V]) {
#pragma GCC unroll 12
    for (int i = 0; i < R; ++i) {
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) total[i][v] += sum[i][v] * sum[i][v];
    }
  });
  for_each_vector<T, R, V>(job.c, job.c_step,
                           [&](T* at, int i, int v) { store(at, load(at) + total[i][v]); });
}

// A full tile for the product; the output is read and written in the first-level cache, once an example.
template <typename T, int R, int V, bool kRowsApart>
void squares_of_long(const Tile<T>& job) {
  for_each_example<T, R, V, kRowsApart>(job, [&](const Vector<T>(&sum)[R][V]) {
    for_each_vector<T, R, V>(job.c, job.c_step,
                             [&](T* at, int i, int v) { store(at, load(at) + sum[i][v] * sum[i][v]); });
  });
}
