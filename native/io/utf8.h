#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace palimpsest {

// The position of the first byte that is not part of valid UTF-8 (no overlong forms, no surrogates, nothing
// beyond U+10FFFF), or npos when all of the text is valid.
std::size_t find_invalid_utf8(std::string_view text);

// Appends one code point; it must be a scalar value (at most 0x10FFFF and no surrogate).
void append_utf8(std::string& text, char32_t code_point);

// For messages: the text in quotes, control characters as dots, cut to a readable length at a character's
// edge.
std::string quoted(std::string_view text);

}  // namespace palimpsest
