#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace palimpsest {

// The one exception type of the native layers. The binding turns it into a JavaScript error with the same code.
struct Error : std::runtime_error {
  Error(const char* code, const std::string& message) : std::runtime_error(message), code(code) {}
  const char* code;
};

inline void require(bool condition, const char* code, const char* message) {
  if (!condition) throw Error(code, message);
}

}  // namespace palimpsest
