#pragma once

// Nobody reads the processor's floating-point exception flags, so a comparison may be made for elements that
// do not need it. Without this the compiler keeps branches where a selection would do, and vectorises half of
// the loops. No value changes. For files that hold vector loops and nothing else: it lasts until the end of
// the file that includes it.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-trapping-math")
#endif
