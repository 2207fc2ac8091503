#include "io/safetensors.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "io/json_scanner.h"
#include "io/utf8.h"
#include "support/check.h"
#include "support/safetensors_files.h"

namespace palimpsest::test {
namespace {

struct Malformed {
  std::string file;
  const char* reason;
};

// A header with one good tensor of 4 bytes, into whose place other text can be put.
std::string one(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  std::string header = "{";
  return header.append(member("w", dtype, shape, offsets)).append("}");
}

std::string with_length(std::uint64_t length, const std::string& rest) { return length_field(length) + rest; }

std::string axes(std::size_t count) {
  std::string shape = "[1";
  for (std::size_t i = 1; i < count; ++i) shape += ",1";
  return shape + "]";
}

std::string metadata_entries(std::size_t count) {
  std::string header = "{\"__metadata__\":{\"0\":\"\"";
  for (std::size_t i = 1; i < count; ++i) header += ",\"" + std::to_string(i) + "\":\"\"";
  return header + "}}";
}

const std::string kGood = one("F32", "[1]", "[0,4]");
const std::uint64_t kHuge = ~std::uint64_t{0};

const std::vector<Malformed> kMalformed = {
    // the length field
    {"", "0 bytes, too few"},
    {"1234567", "7 bytes, too few"},
    {with_length(0, "{}"), "header length is 0, expected 2"},
    {with_length(1, "{}"), "header length is 1, expected 2"},
    {with_length(3, "{}"), "only 2 bytes follow"},
    {with_length(2, ""), "only 0 bytes follow"},
    {with_length(100000001, "{}"), "header length is 100000001, expected"},
    {with_length(100000000, "{}"), "only 2 bytes follow"},
    {with_length(kHuge, "{}"), "header length is 18446744073709551615"},
    {with_length(kHuge - 7, "{}"), "header length is 18446744073709551608"},
    // the encoding
    {file_of("{\"\xFF\":1}", 0), "not valid UTF-8 at byte 2"},
    {file_of("{\"\xC0\xAF\":1}", 0), "not valid UTF-8 at byte 2"},
    {file_of("{\"\xED\xA0\x80\":1}", 0), "not valid UTF-8 at byte 2"},
    {file_of("{\"\xF4\x90\x80\x80\":1}", 0), "not valid UTF-8 at byte 2"},
    {file_of("{\"abc\xE2\x82", 0), "not valid UTF-8 at byte 5"},
    {file_of("\xEF\xBB\xBF{}", 0), "does not start with '{'"},
    // the text
    {file_of(" {}", 0), "does not start with '{'"},
    {file_of("[]", 0), "does not start with '{'"},
    {file_of("{ ", 0), "expected '\"' at byte 2"},
    {file_of("{}x", 0), "something follows"},
    {file_of("{}\n", 0), "something follows"},
    {file_of(std::string("{}\0", 3), 0), "something follows"},
    {file_of("{}{}", 0), "something follows"},
    {file_of("{\"w\"", 0), "expected ':'"},
    {file_of("{\"w\":", 0), "tensor \"w\": expected '{'"},
    {file_of("{\"w\":{}", 0), "tensor \"w\": \"dtype\" is missing"},
    {file_of("{" + member("w", "F32", "[1]", "[0,4]"), 4), "expected '}'"},
    {file_of("{" + member("w", "F32", "[1]", "[0,4]") + ",}", 4), "expected '\"'"},
    {file_of("{'w':1}", 0), "expected '\"'"},
    {file_of("{\"w", 0), "ends within a string"},
    {file_of("{\"w\n\":1}", 0), "control character"},
    {file_of("{\"\\x\":1}", 0), "unknown escape"},
    {file_of("{\"\\u12g4\":1}", 0), "four hexadecimal digits"},
    {file_of("{\"\\ud800\":1}", 0), "half a surrogate pair"},
    {file_of("{\"\\ud800\\u0041\":1}", 0), "half a surrogate pair"},
    {file_of("{\"\\udc00\":1}", 0), "half a surrogate pair"},
    // one tensor's description
    {file_of("{\"w\":null}", 0), "tensor \"w\": expected '{'"},
    {file_of("{\"w\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4), "\"data_offsets\" is missing"},
    {file_of("{\"w\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4), "\"shape\" is missing"},
    {file_of("{\"w\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4), "\"dtype\" is missing"},
    {file_of("{\"w\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4),
     "\"dtype\" appears twice"},
    {file_of("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"sh\\u0061pe\":[1],\"data_offsets\":[0,4]}}", 4),
     "\"shape\" appears twice"},
    {file_of("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"data_offsets\":[0,4]}}", 4),
     "\"data_offsets\" appears twice"},
    {file_of("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"strides\":[1]}}", 4),
     "unknown key \"strides\""},
    {file_of("{\"w\":{\"dtype\":1,\"shape\":[1],\"data_offsets\":[0,4]}}", 4), "tensor \"w\": expected '\"'"},
    {file_of(one("F33", "[1]", "[0,4]"), 4), "tensor \"w\": unknown dtype \"F33\""},
    {file_of(one("f32", "[1]", "[0,4]"), 4), "unknown dtype \"f32\""},
    {file_of(one("", "[1]", "[0,4]"), 4), "unknown dtype \"\""},
    // numbers
    {file_of(one("F32", "[-1]", "[0,4]"), 4), "tensor \"w\": expected a non-negative whole number"},
    {file_of(one("F32", "[-0]", "[0,4]"), 4), "expected a non-negative whole number"},
    {file_of(one("F32", "[+1]", "[0,4]"), 4), "expected a non-negative whole number"},
    {file_of(one("F32", "[01]", "[0,4]"), 4), "a number starts with 0"},
    {file_of(one("F32", "[1.0]", "[0,4]"), 4), "without fraction or exponent"},
    {file_of(one("F32", "[1]", "[0,4e0]"), 4), "without fraction or exponent"},
    {file_of(one("F32", "[9007199254740992]", "[0,4]"), 4), "above 2^53 - 1"},
    {file_of(one("F32", "[1]", "[0,99999999999999999999999]"), 4), "above 2^53 - 1"},
    {file_of(one("F32", "[NaN]", "[0,4]"), 4), "expected a non-negative whole number"},
    {file_of(one("F32", "[\"1\"]", "[0,4]"), 4), "expected a non-negative whole number"},
    {file_of(one("F32", "[1,]", "[0,4]"), 4), "expected a non-negative whole number"},
    {file_of(one("F32", "[[1]]", "[0,4]"), 4), "expected a non-negative whole number"},
    {file_of(one("F32", "1", "[0,4]"), 4), "expected '['"},
    {file_of(one("F32", "[1 1]", "[0,4]"), 4), "expected ']'"},
    {file_of(one("F32", "[1", "[0,4]"), 4), "expected a non-negative whole number"},
    // sizes and ranges
    {file_of(one("F32", axes(65), "[0,4]"), 4), "more than 64 axes"},
    {file_of(one("F32", "[4294967296,4294967296]", "[0,0]"), 0), "overflows 64 bits"},
    {file_of(one("F64", "[2305843009213693952]", "[0,0]"), 0), "above 2^53 - 1"},
    {file_of(one("F64", "[4503599627370496,512]", "[0,0]"), 0), "overflows 64 bits"},
    {file_of(one("U8", "[0,9007199254740991,9007199254740991]", "[0,0]"), 0), "overflows 64 bits"},
    {file_of(one("F32", "[1]", "[0]"), 4), "fewer than two numbers"},
    {file_of(one("F32", "[1]", "[]"), 4), "fewer than two numbers"},
    {file_of(one("F32", "[1]", "[0,4,8]"), 4), "more than two numbers"},
    {file_of(one("F32", "[1]", "[4,0]"), 4), "ends before it begins"},
    {file_of(one("F32", "[1]", "[0,5]"), 4), "leaves the file's 4 bytes"},
    {file_of(one("F32", "[1]", "[9007199254740987,9007199254740991]"), 4), "leaves the file's 4 bytes"},
    {file_of(one("F32", "[1]", "[0,4]"), 3), "leaves the file's 3 bytes"},
    {file_of(one("F32", "[1]", "[0,3]"), 4), "has 3 bytes, but F32 [1] needs 4"},
    {file_of(one("F32", "[2]", "[0,4]"), 4), "has 4 bytes, but F32 [2] needs 8"},
    {file_of(one("F32", "[0]", "[0,4]"), 4), "has 4 bytes, but F32 [0] needs 0"},
    {file_of(one("BF16", "[]", "[0,4]"), 4), "has 4 bytes, but BF16 [] needs 2"},
    // the layout
    {file_of("{}", 1), "end at byte 0 of the data, but there are 1"},
    {file_of(one("F32", "[1]", "[0,4]"), 5), "end at byte 4 of the data, but there are 5"},
    {file_of(one("F32", "[1]", "[1,5]"), 5), "a gap of 1 bytes"},
    {file_of("{" + member("a", "U8", "[2]", "[0,2]") + "," + member("b", "U8", "[2]", "[3,5]") + "}", 5),
     "tensor \"b\": a gap of 1 bytes"},
    {file_of("{" + member("a", "U8", "[3]", "[0,3]") + "," + member("b", "U8", "[3]", "[2,5]") + "}", 5),
     "tensor \"b\": its data overlaps"},
    {file_of("{" + member("a", "U8", "[4]", "[0,4]") + "," + member("b", "U8", "[4]", "[0,4]") + "}", 4),
     "its data overlaps"},
    {file_of("{" + member("a", "U8", "[4]", "[0,4]") + "," + member("b", "U8", "[0]", "[2,2]") + "}", 4),
     "tensor \"b\": its data overlaps"},
    {file_of("{" + member("a", "U8", "[1]", "[0,1]") + "," + member("a", "U8", "[1]", "[1,2]") + "}", 2),
     "tensor \"a\": the name appears twice"},
    {file_of("{" + member("a", "U8", "[1]", "[0,1]") + "," + member("\\u0061", "U8", "[1]", "[1,2]") + "}",
             2),
     "tensor \"a\": the name appears twice"},
    // metadata
    {file_of("{\"__metadata__\":1}", 0), "expected '{'"},
    {file_of("{\"__metadata__\":{\"a\":1}}", 0), "expected '\"'"},
    {file_of("{\"__metadata__\":{\"a\":null}}", 0), "expected '\"'"},
    {file_of("{\"__metadata__\":{\"a\":{}}}", 0), "expected '\"'"},
    {file_of("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0), "holds \"a\" twice"},
    {file_of("{\"__metadata__\":{},\"__metadata__\":{}}", 0), "\"__metadata__\" appears twice"},
    {file_of(metadata_entries(65537), 0), "more than 65536 entries"},
};

SafetensorsIndex parse(const std::string& file) { return parse_safetensors(to_bytes(file)); }

TEST("safetensors: every malformed file is refused with its reason") {
  check(kMalformed.size() >= 40, "at least forty files");
  for (const Malformed& malformed : kMalformed) {
    check_throws("ERR_FORMAT", malformed.reason, [&] { parse(malformed.file); });
    check_throws("ERR_FORMAT", "safetensors: ", [&] { parse(malformed.file); });
  }
}

TEST("safetensors: no prefix of a good file is accepted, nor a good file with a byte added") {
  const std::string file = file_of(kGood, 4);
  parse(file);
  for (std::size_t length = 0; length < file.size(); ++length) {
    check_throws("ERR_FORMAT", "", [&] { parse(file.substr(0, length)); });
  }
  check_throws("ERR_FORMAT", "", [&] { parse(file + "x"); });
}

TEST("safetensors: no changed byte makes the parser fail in another way than ERR_FORMAT") {
  const std::string file =
      file_of("{" + member("a", "F16", "[2,1]", "[0,4]") + "," + member("b", "U8", "[]", "[4,5]") + "}", 5);
  for (std::size_t i = 0; i < file.size(); ++i) {
    for (int value = 0; value < 256; ++value) {
      std::string changed = file;
      changed[i] = static_cast<char>(value);
      try {
        parse(changed);
      } catch (const Error& error) {
        check_equal(std::string(error.code), "ERR_FORMAT", "code");
      }
    }
  }
}

TEST("safetensors: an empty file, padding and whitespace are fine") {
  check_equal(parse(file_of("{}", 0)).tensors.size(), std::size_t{0}, "no tensors");
  check_equal(parse(file_of("{}      ", 0)).tensors.size(), std::size_t{0}, "padding");
  const auto index =
      parse(file_of("{ \"w\" :\n{\"dtype\" : \"F32\",\t\"shape\":[ 1 ] , \"data_offsets\":[0,\r4]} }  ", 4));
  check_equal(index.tensors.at(0).name, "w", "name");
}

TEST("safetensors: tensors come in the order of their data, with offsets from the start of the file") {
  const std::string header =
      "{" + member("last", "F64", "[1,2]", "[6,22]") + "," + member("first", "U8", "[]", "[0,1]") + "," +
      member("empty", "F32", "[3,0]", "[6,6]") + "," + member("second", "I8", "[5]", "[1,6]") + "}";
  const auto index = parse(file_of(header, 22));
  const std::size_t start = 8 + header.size();
  check_equal(index.tensors.size(), std::size_t{4}, "count");
  const char* names[] = {"first", "second", "empty", "last"};
  const std::size_t begins[] = {0, 1, 6, 6}, ends[] = {1, 6, 6, 22};
  for (std::size_t i = 0; i < 4; ++i) {
    check_equal(index.tensors[i].name, names[i], "name");
    check_equal(index.tensors[i].begin, start + begins[i], "begin");
    check_equal(index.tensors[i].end, start + ends[i], "end");
  }
  check(index.tensors[0].shape.empty(), "a scalar has no axes");
  check(index.tensors[2].shape == Shape{3, 0}, "shape of the empty tensor");
}

TEST("safetensors: every dtype of the format is known") {
  const std::pair<const char*, int> dtypes[] = {
      {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"I16", 2}, {"U16", 2}, {"F16", 2},     {"BF16", 2},   {"I32", 4},
      {"U32", 4},  {"F32", 4}, {"F64", 8}, {"I64", 8}, {"U64", 8}, {"F8_E4M3", 1}, {"F8_E5M2", 1}};
  for (const auto& [dtype, size] : dtypes) {
    const auto index = parse(file_of(one(dtype, "[3]", "[0," + std::to_string(3 * size) + "]"), 3 * size));
    check_equal(index.tensors.at(0).dtype, dtype, "dtype");
  }
}

TEST("safetensors: names are any text") {
  const auto index = parse(
      file_of("{" + member("__proto__", "U8", "[1]", "[0,1]") + "," +
                  member("\\u00e9\\ud83d\\ude00\\\"\\/\\n\\u0000", "U8", "[1]", "[1,2]") + "," +
                  member("", "U8", "[1]", "[2,3]") + "," + member("\xC3\xA8", "U8", "[1]", "[3,4]") + "}",
              4));
  check_equal(index.tensors[0].name, "__proto__", "name");
  check_equal(index.tensors[1].name, std::string("\xC3\xA9\xF0\x9F\x98\x80\"/\n\0", 10), "escapes");
  check_equal(index.tensors[2].name, "", "empty name");
  check_equal(index.tensors[3].name, "\xC3\xA8", "plain UTF-8");
}

TEST("safetensors: metadata keeps its order and its text") {
  const auto index =
      parse(file_of("{\"__metadata__\":{\"format\":\"pt\",\"__proto__\":\"\\u263a\",\"\":\"\"}}", 0));
  check_equal(index.metadata.size(), std::size_t{3}, "entries");
  check_equal(index.metadata[0].first + "=" + index.metadata[0].second, "format=pt", "first");
  check_equal(index.metadata[1].first + "=" + index.metadata[1].second, "__proto__=\xE2\x98\xBA", "second");
  check_equal(parse(file_of(metadata_entries(65536), 0)).metadata.size(), std::size_t{65536}, "the limit");
}

TEST("safetensors: the deepest and widest allowed header is accepted") {
  check_equal(parse(file_of(one("F32", axes(64), "[0,4]"), 4)).tensors[0].shape.size(), std::size_t{64},
              "axes");
  check(parse(file_of(one("U8", "[9007199254740991,0]", "[0,0]"), 0)).tensors[0].shape[0] == 9007199254740991,
        "extent");
}

TEST("safetensors: long and odd names are shortened in messages") {
  const std::string name(1000, 'n');
  try {
    parse(file_of("{" + member(name, "F31", "[1]", "[0,4]") + "}", 4));
  } catch (const Error& error) {
    check(std::string(error.what()).size() < 200, "short message");
  }
  check_equal(quoted("a\nb"), "\"a.b\"", "control characters");
  check_equal(quoted(std::string(99, 'x') + "\xC3\xA9"), "\"" + std::string(99, 'x') + "...\"",
              "cut at a character");
}

// A file on disk that is removed at the end.
struct DiskFile {
  std::string path;
  explicit DiskFile(const std::string& content) {
    char name[] = "/tmp/palimpsest-test-XXXXXX";
    const int descriptor = mkstemp(name);
    check(descriptor >= 0, "temporary file");
    close(descriptor);
    path = name;
    std::ofstream(path, std::ios::binary) << content;
  }
  ~DiskFile() { std::remove(path.c_str()); }
};

// A header padded so that the data starts at a multiple of 8, plus `shift`.
std::string aligned(std::string header, std::size_t shift) {
  while (header.size() % 8 != shift) header += ' ';
  return header;
}

void check_storage(std::size_t elements, std::size_t shift, bool expect_copy) {
  const std::size_t bytes = 4 * elements;
  const std::string header =
      aligned(one("F32", "[" + std::to_string(elements) + "]", "[0," + std::to_string(bytes) + "]"), shift);
  const std::string content = file_of(header, bytes);
  DiskFile disk(content);
  auto file = SafetensorsFile::open(disk.path);
  const auto allocator = std::make_shared<Allocator>();
  StoragePtr storage = file->storage(0, allocator);
  file.reset();  // the storage alone keeps the map alive
  check_equal(storage->bytes(), bytes, "bytes");
  check(std::memcmp(storage->data(), content.data() + content.size() - bytes, bytes) == 0, "content");
  check_equal(reinterpret_cast<std::uintptr_t>(storage->data()) % 4, std::uintptr_t{0}, "alignment");
  check_equal(allocator->counters().live_bytes > 0, expect_copy, "copied only when misaligned");
}

TEST("safetensors: tensors of small and mapped files hold the file's bytes, copied only when misaligned") {
  for (const std::size_t elements : {3, 300000}) {
    check_storage(elements, 0, false);
    check_storage(elements, 3, true);
  }
}

TEST("safetensors: scalars and tensors without elements have storages") {
  DiskFile disk(file_of(
      aligned("{" + member("s", "F64", "[]", "[0,8]") + "," + member("e", "F32", "[0]", "[8,8]") + "}", 0),
      8));
  const auto file = SafetensorsFile::open(disk.path);
  const auto allocator = std::make_shared<Allocator>();
  check_equal(file->storage(0, allocator)->bytes(), std::size_t{8}, "scalar");
  check_equal(file->storage(1, allocator)->bytes(), std::size_t{0}, "empty");
  check_throws("ERR_INDEX", "no tensor", [&] { file->storage(2, allocator); });
}

TEST("safetensors: files that cannot be read are ERR_IO with the path") {
  check_throws("ERR_IO", "/nowhere/at/all", [] { SafetensorsFile::open("/nowhere/at/all"); });
  check_throws("ERR_IO", "not a regular file", [] { SafetensorsFile::open("/tmp"); });
  check_throws("ERR_IO", "not a regular file", [] { SafetensorsFile::open("/dev/zero"); });
  check_throws("ERR_IO", "zero byte", [] { SafetensorsFile::open(std::string("/tmp/a\0b", 8)); });
  DiskFile empty("");
  check_throws("ERR_FORMAT", "too few", [&] { SafetensorsFile::open(empty.path); });
}

}  // namespace
}  // namespace palimpsest::test
