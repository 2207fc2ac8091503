#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace palimpsest {

// The bytes of a regular file: mapped read-only and private, or read into memory when it is small, so that a
// small file that changes later does no harm. A large file that is cut short while it is mapped ends the
// process, as with every map.
class FileBytes {
 public:
  // Throws ERR_IO with the path and the system's reason.
  static std::shared_ptr<const FileBytes> open(const std::string& path);
  ~FileBytes();
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;

  std::span<const std::byte> span() const { return {data_, size_}; }
  bool is_mapped() const { return mapped_; }

 private:
  FileBytes(const std::byte* data, std::size_t size, bool mapped)
      : data_(data), size_(size), mapped_(mapped) {}

  const std::byte* data_;
  std::size_t size_;
  bool mapped_;
};

}  // namespace palimpsest
