#include "json_scanner.h"

#include "core/error.h"
#include "utf8.h"

namespace palimpsest {

constexpr std::int64_t kMaxSafeInteger = (std::int64_t{1} << 53) - 1;

void JsonScanner::fail(const std::string& reason) const {
  throw Error("ERR_FORMAT",
              subject_ + ": " + reason + " at byte " + std::to_string(position_) + " of the header");
}

void JsonScanner::skip_whitespace() {
  while (position_ < text_.size()) {
    const char c = text_[position_];
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') return;
    ++position_;
  }
}

bool JsonScanner::accept(char c) {
  skip_whitespace();
  if (position_ >= text_.size() || text_[position_] != c) return false;
  ++position_;
  return true;
}

void JsonScanner::expect(char c) {
  if (!accept(c)) fail(std::string("expected '") + c + "'");
}

char JsonScanner::next() {
  if (position_ >= text_.size()) fail("the text ends within a string");
  return text_[position_++];
}

std::string JsonScanner::string() {
  expect('"');
  std::string result;
  for (;;) {
    const char c = next();
    if (c == '"') return result;
    if (static_cast<unsigned char>(c) < 0x20) fail("a string holds a control character");
    if (c == '\\') {
      escape(result);
    } else {
      result += c;
    }
  }
}

void JsonScanner::escape(std::string& result) {
  const char c = next();
  switch (c) {
    case '"':
    case '\\':
    case '/':
      result += c;
      return;
    case 'b':
      result += '\b';
      return;
    case 'f':
      result += '\f';
      return;
    case 'n':
      result += '\n';
      return;
    case 'r':
      result += '\r';
      return;
    case 't':
      result += '\t';
      return;
    case 'u':
      break;
    default:
      fail("a string holds an unknown escape");
  }
  const char32_t first = hexadecimal();
  if (first < 0xD800 || first > 0xDFFF) return append_utf8(result, first);
  if (first > 0xDBFF || next() != '\\' || next() != 'u') fail("a string holds half a surrogate pair");
  const char32_t second = hexadecimal();
  if (second < 0xDC00 || second > 0xDFFF) fail("a string holds half a surrogate pair");
  append_utf8(result, 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00));
}

char32_t JsonScanner::hexadecimal() {
  char32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = next();
    const bool is_digit = c >= '0' && c <= '9';
    const char letter = static_cast<char>(c | 0x20);
    if (!is_digit && !(letter >= 'a' && letter <= 'f')) fail("an escape needs four hexadecimal digits");
    value = value << 4 | static_cast<char32_t>(is_digit ? c - '0' : letter - 'a' + 10);
  }
  return value;
}

std::int64_t JsonScanner::integer() {
  skip_whitespace();
  const std::size_t start = position_;
  std::int64_t value = 0;
  for (; position_ < text_.size() && text_[position_] >= '0' && text_[position_] <= '9'; ++position_) {
    value = value * 10 + (text_[position_] - '0');
    if (value > kMaxSafeInteger) fail("a number is above 2^53 - 1");
  }
  const std::size_t digits = position_ - start;
  if (digits == 0) fail("expected a non-negative whole number");
  if (digits > 1 && text_[start] == '0') fail("a number starts with 0");
  if (position_ < text_.size() && (text_[position_] == '.' || (text_[position_] | 0x20) == 'e')) {
    fail("expected a whole number without fraction or exponent");
  }
  return value;
}

void JsonScanner::end_with_padding() {
  for (; position_ < text_.size(); ++position_) {
    if (text_[position_] != ' ') fail("something follows the header's closing brace");
  }
}

}  // namespace palimpsest
