// Register tiles of R rows by V vectors. R * V accumulators live in registers for the whole depth; one step
// loads V vectors of columns, broadcasts R values and does R * V multiply-adds, so it is bound by arithmetic
// as soon as R * V / 2 cycles exceed (R + V) / 2 loads.

template <typename T, int R, int V, bool kRowsApart>
inline __attribute__((always_inline)) void multiply(const T* a, Index a_step, const T* b, Index b_step,
                                                    Index depth, Vector<T> (&sum)[R][V]) {
  for (Index k = 0; k < depth; ++k) {
    Vector<T> columns[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) columns[v] = load(b + v * kLanes<T>);
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
  multiply<T, R, V, kRowsApart>(job.a, job.a_step, job.b, job.b_step, job.depth, sum);
#pragma GCC unroll 12
  for (int i = 0; i < R; ++i, c += c_step) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) {
      T* at = c + v * kLanes<T>;
      Vector<T> value = sum[i][v];
      if (job.update == Update::add) value += load(at);
      if (job.update == Update::add_square) value = load(at) + value * value;
      store(at, value);
    }
  }
}

// The output tile stays in registers beside the product of the current example, which never goes to memory:
// depth + 1 multiply-adds an element and example instead of the plain product's depth.
template <typename T, int R, int V>
void squares(const Tile<T>& job) {
  T* c = job.c;
  const Index c_step = job.c_step;
  Vector<T> total[R][V];
#pragma GCC unroll 12
  for (int i = 0; i < R; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) total[i][v] = load(c + i * c_step + v * kLanes<T>);
  }
  // Hides that the addresses of the output are known, so that no register holds them during the loop.
  asm("" : "+r"(c));
  const T* a = job.a;
  const T* b = job.b;
  for (Index example = 0; example < job.examples; ++example) {
    Vector<T> sum[R][V] = {};
    multiply<T, R, V, false>(a, job.a_step, b, job.b_step, job.depth, sum);
    a += job.depth * job.a_step;
    b += job.depth * job.b_step;
#pragma GCC unroll 12
    for (int i = 0; i < R; ++i) {
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) total[i][v] += sum[i][v] * sum[i][v];
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < R; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) store(c + i * c_step + v * kLanes<T>, total[i][v]);
  }
}
