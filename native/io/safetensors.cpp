// The safetensors header: 8 bytes of length, a JSON object, then the data without gaps.
//   { "name": { "dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24] }, "__metadata__": { "key": "value"
//   } }
#include "safetensors.h"

#include <algorithm>
#include <numeric>
#include <string_view>

#include "core/checked.h"
#include "json_scanner.h"
#include "utf8.h"

namespace palimpsest {
namespace {

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kMinHeader = 2;          // {}
constexpr std::size_t kMaxHeader = 100000000;  // the limit of the reference implementation
// Limits that no real file comes near, so that a small header cannot ask for much memory.
constexpr std::size_t kMaxRank = 64;
constexpr std::size_t kMaxMetadata = 65536;

struct DTypeSize {
  std::string_view name;
  std::size_t bytes;
};
constexpr DTypeSize kDTypes[] = {{"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E4M3", 1}, {"F8_E5M2", 1},
                                 {"I16", 2},  {"U16", 2}, {"F16", 2}, {"BF16", 2},    {"I32", 4},
                                 {"U32", 4},  {"F32", 4}, {"F64", 8}, {"I64", 8},     {"U64", 8}};

const char kSubject[] = "safetensors";

std::string subject_of(const std::string& tensor) {
  return std::string(kSubject) + ": tensor " + quoted(tensor);
}

[[noreturn]] void refuse(const std::string& reason) {
  throw Error("ERR_FORMAT", std::string(kSubject) + ": " + reason);
}

[[noreturn]] void refuse(const std::string& tensor, const std::string& reason) {
  throw Error("ERR_FORMAT", subject_of(tensor) + ": " + reason);
}

// The header's text, once its length and encoding are known to be good.
std::string_view header_of(std::span<const std::byte> bytes) {
  if (bytes.size() < kLengthBytes) {
    refuse("the file has " + std::to_string(bytes.size()) + " bytes, too few for a header length");
  }
  std::uint64_t length = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;)
    length = length << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  const std::size_t room = bytes.size() - kLengthBytes;
  if (length < kMinHeader || length > kMaxHeader) {
    refuse("the header length is " + std::to_string(length) + ", expected 2 to 100000000");
  }
  if (length > room) {
    refuse("the header length is " + std::to_string(length) + ", but only " + std::to_string(room) +
           " bytes follow");
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, length);
  const std::size_t invalid = find_invalid_utf8(text);
  if (invalid != std::string_view::npos) {
    refuse("the header is not valid UTF-8 at byte " + std::to_string(invalid));
  }
  if (text.front() != '{') refuse("the header does not start with '{'");
  return text;
}

// Notes that a member was seen; a second time is an error.
void once(JsonScanner& json, bool& seen, const char* key) {
  if (seen) json.fail(std::string("\"") + key + "\" appears twice");
  seen = true;
}

// Reads the description of one tensor; offsets are still those of the file, relative to the data.
TensorEntry read_tensor(JsonScanner& json, const std::string& name) {
  TensorEntry entry{name, {}, {}, 0, 0};
  bool has_dtype = false, has_shape = false, has_offsets = false;
  json.object([&](const std::string& key) {
    if (key == "dtype") {
      once(json, has_dtype, "dtype");
      entry.dtype = json.string();
    } else if (key == "shape") {
      once(json, has_shape, "shape");
      json.array([&] {
        if (entry.shape.size() == kMaxRank) json.fail("the shape has more than 64 axes");
        entry.shape.push_back(json.integer());
      });
    } else if (key == "data_offsets") {
      once(json, has_offsets, "data_offsets");
      std::size_t count = 0;
      json.array([&] {
        const std::size_t offset = static_cast<std::size_t>(json.integer());
        if (count == 0) entry.begin = offset;
        if (count == 1) entry.end = offset;
        if (++count > 2) json.fail("\"data_offsets\" has more than two numbers");
      });
      if (count != 2) json.fail("\"data_offsets\" has fewer than two numbers");
    } else {
      json.fail("unknown key " + quoted(key));
    }
  });
  if (!has_dtype) json.fail("\"dtype\" is missing");
  if (!has_shape) json.fail("\"shape\" is missing");
  if (!has_offsets) json.fail("\"data_offsets\" is missing");
  return entry;
}

// The bytes that shape and dtype ask for. Axes of extent 0 do not excuse the others: the product of the rest
// must still be a size, because strides are computed from it.
std::size_t bytes_of(const TensorEntry& entry) {
  const std::size_t element = safetensors_dtype_size(entry.dtype);
  if (element == 0) refuse(entry.name, "unknown dtype " + quoted(entry.dtype));
  try {
    std::size_t bytes = element;
    bool is_empty = false;
    for (const std::int64_t extent : entry.shape) {
      is_empty = is_empty || extent == 0;
      bytes = checked_mul(bytes, static_cast<std::size_t>(std::max<std::int64_t>(1, extent)));
    }
    return is_empty ? 0 : bytes;
  } catch (const Error&) {
    refuse(entry.name, "the shape " + to_string(entry.shape) + " overflows 64 bits");
  }
}

void check_range(const TensorEntry& entry, std::size_t data_bytes) {
  const std::string range =
      to_string({static_cast<std::int64_t>(entry.begin), static_cast<std::int64_t>(entry.end)});
  if (entry.begin > entry.end) refuse(entry.name, "the data range " + range + " ends before it begins");
  if (entry.end > data_bytes) {
    refuse(entry.name,
           "the data range " + range + " leaves the file's " + std::to_string(data_bytes) + " bytes of data");
  }
  const std::size_t expected = bytes_of(entry);
  if (entry.end - entry.begin != expected) {
    refuse(entry.name, "the data range has " + std::to_string(entry.end - entry.begin) + " bytes, but " +
                           entry.dtype + " " + to_string(entry.shape) + " needs " + std::to_string(expected));
  }
}

void check_names(const std::vector<TensorEntry>& tensors) {
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return tensors[a].name < tensors[b].name; });
  const auto twice = std::adjacent_find(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return tensors[a].name == tensors[b].name;
  });
  if (twice != order.end()) refuse(tensors[*twice].name, "the name appears twice");
}

// Data without gap and overlap, from the header to the end of the file. Tensors come out in the order of
// their data; of several at one place, empty ones come first.
void check_layout(std::vector<TensorEntry>& tensors, std::size_t data_bytes) {
  std::stable_sort(tensors.begin(), tensors.end(), [](const TensorEntry& a, const TensorEntry& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  std::size_t reached = 0;
  for (const TensorEntry& entry : tensors) {
    if (entry.begin > reached) {
      refuse(entry.name, "a gap of " + std::to_string(entry.begin - reached) + " bytes lies before its data");
    }
    if (entry.begin < reached) refuse(entry.name, "its data overlaps another tensor's");
    reached = entry.end;
  }
  if (reached != data_bytes) {
    refuse("the tensors end at byte " + std::to_string(reached) + " of the data, but there are " +
           std::to_string(data_bytes));
  }
}

std::vector<std::pair<std::string, std::string>> read_metadata(JsonScanner& json) {
  std::vector<std::pair<std::string, std::string>> metadata;
  json.object([&](const std::string& key) {
    if (metadata.size() == kMaxMetadata) json.fail("\"__metadata__\" has more than 65536 entries");
    metadata.emplace_back(key, json.string());
  });
  std::vector<std::string_view> keys;
  for (const auto& [key, value] : metadata) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  const auto twice = std::adjacent_find(keys.begin(), keys.end());
  if (twice != keys.end()) json.fail("\"__metadata__\" holds " + quoted(*twice) + " twice");
  return metadata;
}

SafetensorsIndex read_header(std::string_view header) {
  SafetensorsIndex index;
  JsonScanner json(kSubject, header);
  bool has_metadata = false;
  json.object([&](const std::string& key) {
    if (key == "__metadata__") {
      once(json, has_metadata, "__metadata__");
      index.metadata = read_metadata(json);
    } else {
      json.set_subject(subject_of(key));
      index.tensors.push_back(read_tensor(json, key));
      json.set_subject(kSubject);
    }
  });
  json.end_with_padding();
  return index;
}

}  // namespace

std::size_t safetensors_dtype_size(std::string_view dtype) {
  for (const DTypeSize& known : kDTypes) {
    if (known.name == dtype) return known.bytes;
  }
  return 0;
}

SafetensorsIndex parse_safetensors(std::span<const std::byte> bytes) {
  const std::string_view header = header_of(bytes);
  const std::size_t data_start = kLengthBytes + header.size();
  const std::size_t data_bytes = bytes.size() - data_start;
  SafetensorsIndex index = read_header(header);
  check_names(index.tensors);
  for (const TensorEntry& entry : index.tensors) check_range(entry, data_bytes);
  check_layout(index.tensors, data_bytes);
  for (TensorEntry& entry : index.tensors) {
    entry.begin += data_start;
    entry.end += data_start;
  }
  return index;
}

}  // namespace palimpsest
