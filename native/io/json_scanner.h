#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace palimpsest {

// Reads JSON whose structure the caller knows, value by value, and refuses everything else with ERR_FORMAT
// and the byte it stopped at. It never builds a tree and never recurses, so that no input makes it deep or
// big. The text must be valid UTF-8, which is checked once before.
class JsonScanner {
 public:
  JsonScanner(std::string subject, std::string_view text) : subject_(std::move(subject)), text_(text) {}

  // Calls member(key) for each member; member reads the value.
  template <typename Member>
  void object(Member&& member) {
    expect('{');
    if (accept('}')) return;
    do {
      const std::string key = string();
      expect(':');
      member(key);
    } while (accept(','));
    expect('}');
  }

  // Calls element() for each element; element reads it.
  template <typename Element>
  void array(Element&& element) {
    expect('[');
    if (accept(']')) return;
    do {
      element();
    } while (accept(','));
    expect(']');
  }

  // A string with its escapes resolved.
  std::string string();
  // A non-negative whole number that a double holds exactly: no sign, fraction or exponent, at most 2^53 - 1.
  std::int64_t integer();
  // Only spaces may follow.
  void end_with_padding();

  // What is being read now, for the messages.
  void set_subject(std::string subject) { subject_ = std::move(subject); }
  [[noreturn]] void fail(const std::string& reason) const;

 private:
  void skip_whitespace();
  bool accept(char c);
  void expect(char c);
  char next();
  void escape(std::string& result);
  char32_t hexadecimal();

  std::string subject_;
  std::string_view text_;
  std::size_t position_ = 0;
};

}  // namespace palimpsest
