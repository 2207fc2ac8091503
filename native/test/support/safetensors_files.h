#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

// Builds safetensors files for tests, whole ones and broken ones.
namespace palimpsest::test {

inline std::vector<std::byte> to_bytes(const std::string& text) {
  std::vector<std::byte> bytes(text.size());
  if (!text.empty()) std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

inline std::string length_field(std::uint64_t length) {
  std::string field;
  for (int i = 0; i < 8; ++i) field += static_cast<char>(length >> (8 * i) & 0xFF);
  return field;
}

// A file of this header and `data_bytes` bytes of data, which count 0, 1, 2, ...
inline std::string file_of(const std::string& header, std::size_t data_bytes) {
  std::string file = length_field(header.size()) + header;
  for (std::size_t i = 0; i < data_bytes; ++i) file += static_cast<char>(i);
  return file;
}

// One member of the header.
inline std::string member(const std::string& name, const std::string& dtype, const std::string& shape,
                          const std::string& offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets +
         "}";
}

}  // namespace palimpsest::test
