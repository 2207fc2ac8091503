#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace palimpsest {

// Columns that are turned into rows together: a few cache lines of every row are read while they are open.
constexpr std::int64_t kPanel = 64;

// A square of elements, one cache line wide (elements of one byte: half as wide), turned in a buffer of its
// own. So every line of memory is read once and written once, however much the strides make lines collide.
template <typename Unit>
struct Square {
  static constexpr std::int64_t kSide = sizeof(Unit) == 1 ? 32 : 64 / static_cast<std::int64_t>(sizeof(Unit));
  alignas(64) Unit cell[kSide][kSide];

  // cell[c][r] = from[r][c]
  void read(const Unit* from, std::int64_t stride) {
    if constexpr (sizeof(Unit) == 4) {
      for (std::int64_t r = 0; r < kSide; r += 4) {
        for (std::int64_t c = 0; c < kSide; c += 4) read_four(from + r * stride + c, stride, r, c);
      }
    } else {
      for (std::int64_t r = 0; r < kSide; ++r) {
        for (std::int64_t c = 0; c < kSide; ++c) cell[c][r] = from[r * stride + c];
      }
    }
  }

  void write(Unit* to, std::int64_t stride) const {
    for (std::int64_t c = 0; c < kSide; ++c) std::memcpy(to + c * stride, cell[c], sizeof(cell[c]));
  }

 private:
  // Four by four in registers: pairs of rows are interleaved twice.
  void read_four(const Unit* from, std::int64_t stride, std::int64_t r, std::int64_t c) {
    typedef Unit Four __attribute__((vector_size(16)));
    Four a[4], b[4];
    for (int k = 0; k < 4; ++k) std::memcpy(&a[k], from + k * stride, sizeof(Four));
    for (int k = 0; k < 2; ++k) {
      b[2 * k] = __builtin_shufflevector(a[k], a[k + 2], 0, 4, 1, 5);
      b[2 * k + 1] = __builtin_shufflevector(a[k], a[k + 2], 2, 6, 3, 7);
    }
    a[0] = __builtin_shufflevector(b[0], b[2], 0, 4, 1, 5);
    a[1] = __builtin_shufflevector(b[0], b[2], 2, 6, 3, 7);
    a[2] = __builtin_shufflevector(b[1], b[3], 0, 4, 1, 5);
    a[3] = __builtin_shufflevector(b[1], b[3], 2, 6, 3, 7);
    for (int k = 0; k < 4; ++k) std::memcpy(&cell[c + k][r], &a[k], sizeof(Four));
  }
};

// to[c * to_stride + r] = from[r * from_stride + c] for all r < rows, c < columns.
template <typename Unit>
void transpose_panel(std::int64_t rows, std::int64_t columns, const Unit* from, std::int64_t from_stride,
                     Unit* to, std::int64_t to_stride) {
  constexpr std::int64_t kSide = Square<Unit>::kSide;
  Square<Unit> square;
  for (std::int64_t r = 0; r < rows; r += kPanel) {
    for (std::int64_t c = 0; c < columns; c += kSide) {
      for (std::int64_t s = r; s < std::min(r + kPanel, rows); s += kSide) {
        const Unit* source = from + s * from_stride + c;
        Unit* target = to + c * to_stride + s;
        const std::int64_t height = std::min(kSide, rows - s), width = std::min(kSide, columns - c);
        if (height == kSide && width == kSide) {
          square.read(source, from_stride);
          square.write(target, to_stride);
          continue;
        }
        for (std::int64_t i = 0; i < width; ++i) {
          for (std::int64_t j = 0; j < height; ++j) target[i * to_stride + j] = source[j * from_stride + i];
        }
      }
    }
  }
}

}  // namespace palimpsest
