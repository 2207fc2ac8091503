#include "utf8.h"

#include <cstdint>

namespace palimpsest {
namespace {

// The code points that an encoded character of this many bytes may have, so that each has exactly one
// encoding.
struct Form {
  std::size_t bytes;
  char32_t low;
  char32_t high;
  std::uint8_t lead;  // the marker bits of the first byte
};
constexpr Form kForms[] = {
    {1, 0, 0x7F, 0x00}, {2, 0x80, 0x7FF, 0xC0}, {3, 0x800, 0xFFFF, 0xE0}, {4, 0x10000, 0x10FFFF, 0xF0}};

const Form* form_of_lead(std::uint8_t lead) {
  if (lead < 0x80) return &kForms[0];
  if (lead >= 0xC0 && lead < 0xE0) return &kForms[1];
  if (lead >= 0xE0 && lead < 0xF0) return &kForms[2];
  if (lead >= 0xF0 && lead < 0xF8) return &kForms[3];
  return nullptr;
}

bool is_surrogate(char32_t code_point) { return code_point >= 0xD800 && code_point <= 0xDFFF; }

}  // namespace

std::size_t find_invalid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::uint8_t lead = static_cast<std::uint8_t>(text[i]);
    const Form* form = form_of_lead(lead);
    if (form == nullptr || form->bytes > text.size() - i) return i;
    char32_t code_point = lead ^ form->lead;
    for (std::size_t k = 1; k < form->bytes; ++k) {
      const std::uint8_t next = static_cast<std::uint8_t>(text[i + k]);
      if ((next & 0xC0) != 0x80) return i;
      code_point = code_point << 6 | (next & 0x3F);
    }
    if (code_point < form->low || code_point > form->high || is_surrogate(code_point)) return i;
    i += form->bytes;
  }
  return std::string_view::npos;
}

void append_utf8(std::string& text, char32_t code_point) {
  const Form* form = kForms;
  while (code_point > form->high) ++form;
  std::size_t shift = 6 * (form->bytes - 1);
  text += static_cast<char>(form->lead | code_point >> shift);
  while (shift > 0) {
    shift -= 6;
    text += static_cast<char>(0x80 | (code_point >> shift & 0x3F));
  }
}

std::string quoted(std::string_view text) {
  constexpr std::size_t kReadable = 100;
  std::size_t length = text.size();
  if (length > kReadable) {
    length = kReadable;
    while (length > 0 && (static_cast<std::uint8_t>(text[length]) & 0xC0) == 0x80) --length;
  }
  std::string result = "\"";
  for (const char c : text.substr(0, length))
    result += static_cast<std::uint8_t>(c) < 0x20 || c == 0x7F ? '.' : c;
  return result + (length < text.size() ? "...\"" : "\"");
}

}  // namespace palimpsest
