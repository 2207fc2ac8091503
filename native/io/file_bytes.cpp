#include "file_bytes.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "core/error.h"
#include "utf8.h"

namespace palimpsest {
namespace {

constexpr std::size_t kMapFrom = std::size_t{1} << 20;

[[noreturn]] void fail(const std::string& path, const std::string& reason) {
  throw Error("ERR_IO", "cannot read " + quoted(path) + ": " + reason);
}

[[noreturn]] void fail_with_errno(const std::string& path) {
  fail(path, std::generic_category().message(errno));
}

class Descriptor {
 public:
  explicit Descriptor(const std::string& path)
      : value_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    if (value_ < 0) fail_with_errno(path);
  }
  ~Descriptor() { ::close(value_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int value() const { return value_; }

 private:
  int value_;
};

std::size_t size_of_file(const Descriptor& file, const std::string& path) {
  struct stat status;
  if (::fstat(file.value(), &status) != 0) fail_with_errno(path);
  if (!S_ISREG(status.st_mode)) fail(path, "it is not a regular file");
  return static_cast<std::size_t>(status.st_size);
}

void read_all(const Descriptor& file, const std::string& path, std::byte* data, std::size_t size) {
  for (std::size_t done = 0; done < size;) {
    const ssize_t count = ::read(file.value(), data + done, size - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_with_errno(path);
    if (count == 0) fail(path, "it became shorter while it was read");
    done += static_cast<std::size_t>(count);
  }
}

}  // namespace

std::shared_ptr<const FileBytes> FileBytes::open(const std::string& path) {
  if (path.find('\0') != std::string::npos) fail(path, "the path holds a zero byte");
  const Descriptor file(path);
  const std::size_t size = size_of_file(file, path);
  if (size >= kMapFrom) {
    void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.value(), 0);
    if (data == MAP_FAILED) fail_with_errno(path);
    std::shared_ptr<const FileBytes> bytes(new FileBytes(static_cast<const std::byte*>(data), size, true));
    if (size_of_file(file, path) != size) fail(path, "its size changed while it was opened");
    return bytes;
  }
  void* data = std::malloc(size + 1);  // one more: malloc(0) may be null
  if (data == nullptr) throw Error("ERR_OUT_OF_MEMORY", "no memory for " + quoted(path));
  std::shared_ptr<const FileBytes> bytes(new FileBytes(static_cast<const std::byte*>(data), size, false));
  read_all(file, path, static_cast<std::byte*>(data), size);
  return bytes;
}

FileBytes::~FileBytes() {
  std::byte* data = const_cast<std::byte*>(data_);
  if (mapped_) {
    ::munmap(data, size_);
  } else {
    std::free(data);
  }
}

}  // namespace palimpsest
