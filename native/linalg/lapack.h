#pragma once

#include <cstddef>

// The routines of BLAS and LAPACK that this folder calls, declared by hand: the archive ships without
// LAPACK's C headers. Matrices are column-major there; whoever calls says how a row-major matrix is read.

#define PALIMPSEST_DECLARE_LAPACK(T, p)                                                                    \
  void p##gemm_(const char*, const char*, const int*, const int*, const int*, const T*, const T*,          \
                const int*, const T*, const int*, const T*, T*, const int*, std::size_t, std::size_t);     \
  void p##trsm_(const char*, const char*, const char*, const char*, const int*, const int*, const T*,      \
                const T*, const int*, T*, const int*, std::size_t, std::size_t, std::size_t, std::size_t); \
  void p##potrf_(const char*, const int*, T*, const int*, int*, std::size_t);                              \
  void p##getrf_(const int*, const int*, T*, const int*, int*, int*);                                      \
  void p##sytrd_(const char*, const int*, T*, const int*, T*, T*, T*, T*, const int*, int*, std::size_t);  \
  void p##stedc_(const char*, const int*, T*, T*, T*, const int*, T*, const int*, int*, const int*, int*,  \
                 std::size_t);                                                                             \
  void p##sterf_(const int*, T*, T*, int*);                                                                \
  void p##ormtr_(const char*, const char*, const char*, const int*, const int*, const T*, const int*,      \
                 const T*, T*, const int*, T*, const int*, int*, std::size_t, std::size_t, std::size_t);   \
  void p##gesdd_(const char*, const int*, const int*, T*, const int*, T*, T*, const int*, T*, const int*,  \
                 T*, const int*, int*, int*, std::size_t);                                                 \
  void p##geqrf_(const int*, const int*, T*, const int*, T*, T*, const int*, int*);                        \
  void p##larft_(const char*, const char*, const int*, const int*, const T*, const int*, const T*, T*,     \
                 const int*, std::size_t, std::size_t);                                                    \
  void p##larfb_(const char*, const char*, const char*, const char*, const int*, const int*, const int*,   \
                 const T*, const int*, const T*, const int*, T*, const int*, T*, const int*, std::size_t,  \
                 std::size_t, std::size_t, std::size_t);                                                   \
  void p##orgqr_(const int*, const int*, const int*, T*, const int*, const T*, T*, const int*, int*);

extern "C" {
PALIMPSEST_DECLARE_LAPACK(float, s)
PALIMPSEST_DECLARE_LAPACK(double, d)
}
#undef PALIMPSEST_DECLARE_LAPACK

namespace palimpsest::lapack {

// One overload per element type. Those that LAPACK tells the result of return its `info`.
#define PALIMPSEST_WRAP_LAPACK(T, p)                                                                         \
  inline void gemm(char transa, char transb, int m, int n, int k, T alpha, const T* a, int lda, const T* b,  \
                   int ldb, T beta, T* c, int ldc) {                                                         \
    p##gemm_(&transa, &transb, &m, &n, &k, &alpha, a, &lda, b, &ldb, &beta, c, &ldc, 1, 1);                  \
  }                                                                                                          \
  inline void trsm(char side, char uplo, char trans, char diag, int m, int n, const T* a, int lda, T* b,     \
                   int ldb) {                                                                                \
    const T one = 1;                                                                                         \
    p##trsm_(&side, &uplo, &trans, &diag, &m, &n, &one, a, &lda, b, &ldb, 1, 1, 1, 1);                       \
  }                                                                                                          \
  inline int potrf(char uplo, int n, T* a, int lda) {                                                        \
    int info = 0;                                                                                            \
    p##potrf_(&uplo, &n, a, &lda, &info, 1);                                                                 \
    return info;                                                                                             \
  }                                                                                                          \
  inline int getrf(int m, int n, T* a, int lda, int* pivots) {                                               \
    int info = 0;                                                                                            \
    p##getrf_(&m, &n, a, &lda, pivots, &info);                                                               \
    return info;                                                                                             \
  }                                                                                                          \
  inline int sytrd(int n, T* a, int lda, T* d, T* e, T* tau, T* work, int lwork) {                           \
    int info = 0;                                                                                            \
    const char uplo = 'L';                                                                                   \
    p##sytrd_(&uplo, &n, a, &lda, d, e, tau, work, &lwork, &info, 1);                                        \
    return info;                                                                                             \
  }                                                                                                          \
  inline int sterf(int n, T* d, T* e) {                                                                      \
    int info = 0;                                                                                            \
    p##sterf_(&n, d, e, &info);                                                                              \
    return info;                                                                                             \
  }                                                                                                          \
  inline int stedc(int n, T* d, T* e, T* z, int ldz, T* work, int lwork, int* iwork, int liwork) {           \
    int info = 0;                                                                                            \
    const char job = 'I';                                                                                    \
    p##stedc_(&job, &n, d, e, z, &ldz, work, &lwork, iwork, &liwork, &info, 1);                              \
    return info;                                                                                             \
  }                                                                                                          \
  inline int ormtr(int m, int n, const T* a, int lda, const T* tau, T* c, int ldc, T* work, int lwork) {     \
    int info = 0;                                                                                            \
    const char side = 'L', uplo = 'L', trans = 'N';                                                          \
    p##ormtr_(&side, &uplo, &trans, &m, &n, a, &lda, tau, c, &ldc, work, &lwork, &info, 1, 1, 1);            \
    return info;                                                                                             \
  }                                                                                                          \
  inline int gesdd(char job, int m, int n, T* a, int lda, T* s, T* u, int ldu, T* vt, int ldvt, T* work,     \
                   int lwork, int* iwork) {                                                                  \
    int info = 0;                                                                                            \
    p##gesdd_(&job, &m, &n, a, &lda, s, u, &ldu, vt, &ldvt, work, &lwork, iwork, &info, 1);                  \
    return info;                                                                                             \
  }                                                                                                          \
  inline int geqrf(int m, int n, T* a, int lda, T* tau, T* work, int lwork) {                                \
    int info = 0;                                                                                            \
    p##geqrf_(&m, &n, a, &lda, tau, work, &lwork, &info);                                                    \
    return info;                                                                                             \
  }                                                                                                          \
  inline void larft(int n, int k, const T* v, int ldv, const T* tau, T* t, int ldt) {                        \
    const char direct = 'F', store = 'C';                                                                    \
    p##larft_(&direct, &store, &n, &k, v, &ldv, tau, t, &ldt, 1, 1);                                         \
  }                                                                                                          \
  inline void larfb(char trans, int m, int n, int k, const T* v, int ldv, const T* t, int ldt, T* c,         \
                    int ldc, T* work, int ldwork) {                                                          \
    const char side = 'L', direct = 'F', store = 'C';                                                        \
    p##larfb_(&side, &trans, &direct, &store, &m, &n, &k, v, &ldv, t, &ldt, c, &ldc, work, &ldwork, 1, 1, 1, \
              1);                                                                                            \
  }                                                                                                          \
  inline int orgqr(int m, int n, int k, T* a, int lda, const T* tau, T* work, int lwork) {                   \
    int info = 0;                                                                                            \
    p##orgqr_(&m, &n, &k, a, &lda, tau, work, &lwork, &info);                                                \
    return info;                                                                                             \
  }

PALIMPSEST_WRAP_LAPACK(float, s)
PALIMPSEST_WRAP_LAPACK(double, d)
#undef PALIMPSEST_WRAP_LAPACK

}  // namespace palimpsest::lapack
