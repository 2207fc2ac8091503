#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/error.h"

// A small harness: TEST("is zero for an empty row") { ... } registers a test, and the checks throw what went
// wrong.
namespace palimpsest::test {

struct Case {
  std::string name;
  void (*run)();
};

inline std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}

struct Registration {
  Registration(std::string name, void (*run)()) { cases().push_back({std::move(name), run}); }
};

inline void check(bool condition, const std::string& what) {
  if (!condition) throw std::runtime_error(what);
}

template <typename A, typename B>
void check_equal(const A& actual, const B& expected, const std::string& what) {
  if (actual == expected) return;
  std::ostringstream text;
  text.precision(17);
  text << what << ": expected " << expected << ", got " << actual;
  throw std::runtime_error(text.str());
}

// |actual - expected| <= tolerance * max(1, |expected|)
inline void check_near(double actual, double expected, double tolerance, const std::string& what) {
  if (std::abs(actual - expected) <= tolerance * std::max(1.0, std::abs(expected))) return;
  std::ostringstream text;
  text.precision(17);
  text << what << ": expected " << expected << ", got " << actual << ", tolerance " << tolerance;
  throw std::runtime_error(text.str());
}

// The body must throw our error with this code and this text somewhere in its message.
inline void check_throws(const std::string& code, const std::string& text,
                         const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    check_equal(std::string(error.code), code, std::string("code of \"") + error.what() + "\"");
    check(std::string(error.what()).find(text) != std::string::npos,
          std::string("\"") + error.what() + "\" does not mention \"" + text + "\"");
    return;
  }
  throw std::runtime_error("expected " + code + " (" + text + "), nothing was thrown");
}

}  // namespace palimpsest::test

#define PALIMPSEST_TEST_JOIN_(a, b) a##b
#define PALIMPSEST_TEST_JOIN(a, b) PALIMPSEST_TEST_JOIN_(a, b)
#define PALIMPSEST_TEST_(name, id)                                                            \
  static void PALIMPSEST_TEST_JOIN(test_body_, id)();                                         \
  static const ::palimpsest::test::Registration PALIMPSEST_TEST_JOIN(test_registration_, id)( \
      name, PALIMPSEST_TEST_JOIN(test_body_, id));                                            \
  static void PALIMPSEST_TEST_JOIN(test_body_, id)()
#define TEST(name) PALIMPSEST_TEST_(name, __COUNTER__)
