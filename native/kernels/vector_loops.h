#pragma once

// For files of vector loops only: the first setting lasts until the end of the file that includes this.

// Nobody reads the processor's floating-point exception flags, so a comparison may be made for elements that
// do not need it. Without this GCC keeps branches where selections would do, and vectorises half of the
// loops. No value changes.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-trapping-math")
#endif

// Before a loop whose iterations are independent: what it writes is exactly what it reads, or apart from it.
#if defined(__clang__)
#define PALIMPSEST_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define PALIMPSEST_INDEPENDENT _Pragma("GCC ivdep")
#endif
