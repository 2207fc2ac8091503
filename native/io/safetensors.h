#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/kernel.h"
#include "core/storage.h"

namespace palimpsest {

struct TensorEntry {
  std::string name;
  std::string dtype;  // as the file spells it: F32, BF16, ...
  Shape shape;
  std::size_t begin;  // bytes of the file, counted from its start
  std::size_t end;
};

struct SafetensorsIndex {
  std::vector<TensorEntry> tensors;  // in the order of their data
  std::vector<std::pair<std::string, std::string>> metadata;
};

// Checks a whole file and describes it; `bytes` are all its bytes. Anything that the format does not allow is
// ERR_FORMAT with the tensor's name and the reason. Only the header is read, and no memory is taken on the
// word of a number in it.
SafetensorsIndex parse_safetensors(std::span<const std::byte> bytes);

// The size of an element of a dtype as the file spells it; 0 for a name that is not a dtype.
std::size_t safetensors_dtype_size(std::string_view dtype);

class FileBytes;

// An open file. Large ones are mapped, so they must not be changed or cut short while anything of them is in
// use.
class SafetensorsFile {
 public:
  static std::shared_ptr<SafetensorsFile> open(const std::string& path);

  const SafetensorsIndex& index() const { return index_; }

  // The bytes of a tensor, read-only. Mapped where its elements are aligned, copied where they are not.
  StoragePtr storage(std::size_t tensor, const std::shared_ptr<Allocator>& allocator) const;

 private:
  SafetensorsFile(std::shared_ptr<const FileBytes> bytes, SafetensorsIndex index);

  std::shared_ptr<const FileBytes> bytes_;
  SafetensorsIndex index_;
};

}  // namespace palimpsest
