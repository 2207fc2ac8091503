#include <cstring>

#include "file_bytes.h"
#include "safetensors.h"

namespace palimpsest {

SafetensorsFile::SafetensorsFile(std::shared_ptr<const FileBytes> bytes, SafetensorsIndex index)
    : bytes_(std::move(bytes)), index_(std::move(index)) {}

std::shared_ptr<SafetensorsFile> SafetensorsFile::open(const std::string& path) {
  std::shared_ptr<const FileBytes> bytes = FileBytes::open(path);
  SafetensorsIndex index = parse_safetensors(bytes->span());
  return std::shared_ptr<SafetensorsFile>(new SafetensorsFile(std::move(bytes), std::move(index)));
}

StoragePtr SafetensorsFile::storage(std::size_t tensor, const std::shared_ptr<Allocator>& allocator) const {
  require(tensor < index_.tensors.size(), "ERR_INDEX", "safetensors: there is no tensor of this number");
  const TensorEntry& entry = index_.tensors[tensor];
  const std::span<const std::byte> bytes = bytes_->span().subspan(entry.begin, entry.end - entry.begin);
  const std::size_t element = safetensors_dtype_size(entry.dtype);
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % element != 0) {
    StoragePtr copy = allocator->allocate(bytes.size());
    if (!bytes.empty()) std::memcpy(copy->data(), bytes.data(), bytes.size());
    return copy;
  }
  // Nobody writes to a storage that others may hold, so the map can stay read-only behind a pointer to plain
  // bytes.
  void* data = const_cast<std::byte*>(bytes.data());
  return std::make_shared<Storage>(data, bytes.size(), [keep = bytes_](Storage&) {}, Memory::mapped);
}

}  // namespace palimpsest
