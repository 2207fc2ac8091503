// libFuzzer target: any bytes must either parse or be refused with ERR_FORMAT, and what parses must be
// consistent.
//   clang++ -std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined -I native \
//     native/test/fuzz/safetensors_fuzz.cpp native/core/kernel.cpp native/io/*.cpp native/core/storage.cpp
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "io/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace palimpsest;
  try {
    const SafetensorsIndex index = parse_safetensors({reinterpret_cast<const std::byte*>(data), size});
    std::size_t reached = index.tensors.empty() ? size : index.tensors.front().begin;
    for (const TensorEntry& entry : index.tensors) {
      std::size_t bytes = safetensors_dtype_size(entry.dtype);
      for (const std::int64_t extent : entry.shape) bytes *= static_cast<std::size_t>(extent);
      if (entry.begin != reached || entry.end - entry.begin != bytes || entry.end > size) std::abort();
      reached = entry.end;
    }
    if (reached != size) std::abort();
  } catch (const Error& error) {
    if (std::strcmp(error.code, "ERR_FORMAT") != 0) std::abort();
  }
  return 0;
}
