#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// float32 numbers of [-1, 1) that are functions of a name; the formula is in ../README.md.

/** FNV-1a, 64 bits. */
inline std::uint64_t seed_of(const std::string& name) {
  std::uint64_t state = 0xCBF29CE484222325u;
  for (const unsigned char byte : name) state = (state ^ byte) * 0x100000001B3u;
  return state;
}

inline std::vector<float> uniform(const std::string& name, std::size_t count) {
  std::vector<float> numbers(count);
  std::uint64_t place = seed_of(name);
  for (float& number : numbers) {
    place += 0x9E3779B97F4A7C15u;
    std::uint64_t z = place;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    number = static_cast<float>(z >> 40) * 0x1p-23f - 1.0f;
  }
  return numbers;
}
