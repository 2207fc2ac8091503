// Runs the native unit tests whose names contain the first argument (all of them without one).
#include <cstdio>
#include <exception>
#include <string>

#include "support/check.h"

int main(int argc, char** argv) {
  const std::string filter = argc > 1 ? argv[1] : "";
  int ran = 0, failed = 0;
  for (const auto& test : palimpsest::test::cases()) {
    if (test.name.find(filter) == std::string::npos) continue;
    ++ran;
    try {
      test.run();
    } catch (const std::exception& error) {
      ++failed;
      std::printf("FAILED %s\n  %s\n", test.name.c_str(), error.what());
    }
  }
  std::printf("%d tests, %d failed\n", ran, failed);
  return failed == 0 && ran > 0 ? 0 : 1;
}
