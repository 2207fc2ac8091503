#include <algorithm>
#include <cmath>
#include <string>

#include "checked.h"
#include "program.h"

namespace palimpsest {
namespace {

constexpr std::int64_t kVersion = 2;
constexpr std::int64_t kMaxRank = 16;
constexpr std::int64_t kMaxSafeInteger = (std::int64_t{1} << 53) - 1;
constexpr std::int64_t kUnwritten = -1;

[[noreturn]] void malformed(const std::string& reason) { throw Error("ERR_PROGRAM", "program: " + reason); }

// Reads the sequence of numbers from front to back; every count is checked against what is left.
class Reader {
 public:
  explicit Reader(std::span<const double> code) : code_(code) {}

  double number() {
    if (next_ == code_.size()) malformed("ends too early");
    return code_[next_++];
  }

  std::int64_t integer(std::int64_t low, std::int64_t high, const char* what) {
    const double value = number();
    if (!(value >= static_cast<double>(low) && value <= static_cast<double>(high)) || value != std::floor(value)) {
      malformed(std::string(what) + " is " + std::to_string(value) + ", expected an integer from " +
                std::to_string(low) + " to " + std::to_string(high));
    }
    return static_cast<std::int64_t>(value);
  }

  // A count of items that take at least one number each.
  std::size_t count(const char* what) {
    return static_cast<std::size_t>(integer(0, static_cast<std::int64_t>(code_.size() - next_), what));
  }

  bool finished() const { return next_ == code_.size(); }

 private:
  std::span<const double> code_;
  std::size_t next_ = 0;
};

}  // namespace

class ProgramDecoder {
 public:
  explicit ProgramDecoder(std::span<const double> code) : reader_(code), size_(code.size()) {}

  std::shared_ptr<const Program> decode() {
    reader_.integer(kVersion, kVersion, "version");
    const std::size_t inputs = bounded_count("input count");
    const std::size_t outputs = bounded_count("output count");
    const std::size_t slots = reader_.count("slot count");
    program_->input_bytes_.assign(inputs, 0);
    program_->input_alignments_.assign(inputs, 1);
    program_->output_bytes_.assign(outputs, 0);
    for (std::size_t i = 0; i < slots; ++i) {
      program_->slot_bytes_.push_back(static_cast<std::size_t>(reader_.integer(0, kMaxSafeInteger, "slot size")));
    }
    written_outputs_.assign(outputs, kUnwritten);
    written_slots_.assign(slots, kUnwritten);
    const std::size_t values = reader_.count("value count");
    for (std::size_t i = 0; i < values; ++i) program_->values_.push_back(value());
    const std::size_t instructions = reader_.count("instruction count");
    for (std::size_t i = 0; i < instructions; ++i) {
      const Instruction& added = program_->instructions_.emplace_back(instruction());
      program_->most_values_ = std::max({program_->most_values_, added.inputs.size(), added.outputs.size()});
    }
    if (!reader_.finished()) malformed("has numbers after its end");
    find_dying_slots();
    for (std::size_t i = 0; i < outputs; ++i) {
      if (written_outputs_[i] < static_cast<std::int64_t>(program_->output_bytes_[i])) {
        malformed("output " + std::to_string(i) + " is never written in full");
      }
    }
    return program_;
  }

 private:
  // Inputs and outputs take no numbers of their own in the header, but each needs a value: so their count is bounded too.
  std::size_t bounded_count(const char* what) {
    return static_cast<std::size_t>(reader_.integer(0, static_cast<std::int64_t>(size_), what));
  }

  Value value() {
    Value value{};
    value.dtype = static_cast<DType>(reader_.integer(0, kDTypeCount - 1, "dtype"));
    value.place.kind = static_cast<PlaceKind>(reader_.integer(0, 2, "place kind"));
    const std::size_t places = value.place.kind == PlaceKind::input    ? program_->input_bytes_.size()
                               : value.place.kind == PlaceKind::output ? program_->output_bytes_.size()
                                                                       : program_->slot_bytes_.size();
    value.place.index =
        static_cast<std::uint32_t>(reader_.integer(0, static_cast<std::int64_t>(places) - 1, "place index"));
    value.offset = static_cast<std::size_t>(reader_.integer(0, kMaxSafeInteger, "byte offset"));
    if (value.offset % size_of(value.dtype) != 0) malformed("a value begins in the middle of an element");
    const std::int64_t rank = reader_.integer(0, kMaxRank, "rank");
    // An extent of 0 hides how large the others are, and kernels multiply those among themselves: it counts as 1 here.
    std::size_t bytes = size_of(value.dtype);
    bool is_empty = false;
    for (std::int64_t axis = 0; axis < rank; ++axis) {
      const std::int64_t extent = reader_.integer(0, kMaxSafeInteger, "extent");
      value.shape.push_back(extent);
      is_empty = is_empty || extent == 0;
      bytes = checked_mul(bytes, static_cast<std::size_t>(std::max<std::int64_t>(extent, 1)));
      if (bytes > static_cast<std::size_t>(kMaxSafeInteger)) malformed("a value is larger than 2^53 bytes");
    }
    value.bytes = is_empty ? 0 : bytes;
    value.size = static_cast<std::int64_t>(value.bytes / size_of(value.dtype));
    reserve(value);
    return value;
  }

  void reserve(const Value& value) {
    const std::uint32_t index = value.place.index;
    const std::size_t end = end_of(value);
    switch (value.place.kind) {
      case PlaceKind::input:
        program_->input_bytes_[index] = std::max(program_->input_bytes_[index], end);
        program_->input_alignments_[index] = std::max(program_->input_alignments_[index], size_of(value.dtype));
        return;
      case PlaceKind::output:
        program_->output_bytes_[index] = std::max(program_->output_bytes_[index], end);
        return;
      case PlaceKind::slot:
        if (program_->slot_bytes_[index] < end) malformed("a value is larger than its slot");
        return;
    }
  }

  static std::size_t end_of(const Value& value) { return checked_add(value.offset, value.bytes); }

  Instruction instruction() {
    Instruction instruction{};
    const auto& table = kernels();
    instruction.kernel =
        table[static_cast<std::size_t>(reader_.integer(0, static_cast<std::int64_t>(table.size()) - 1, "kernel"))];
    instruction.inputs = value_numbers("input value");
    instruction.outputs = value_numbers("output value");
    const std::size_t attributes = reader_.count("attribute count");
    for (std::size_t i = 0; i < attributes; ++i) instruction.attributes.push_back(reader_.number());
    for (const std::uint32_t number : instruction.inputs) check_written(number);
    for (std::size_t i = 0; i < instruction.outputs.size(); ++i) check_target(instruction, i);
    for (const std::uint32_t number : instruction.outputs) mark_written(program_->values_[number]);
    return instruction;
  }

  std::vector<std::uint32_t> value_numbers(const char* what) {
    std::vector<std::uint32_t> numbers(reader_.count(what));
    for (std::uint32_t& number : numbers) {
      number = static_cast<std::uint32_t>(
          reader_.integer(0, static_cast<std::int64_t>(program_->values_.size()) - 1, what));
    }
    return numbers;
  }

  // What was never written is what earlier programs left in memory, other people's numbers perhaps.
  void check_written(std::uint32_t number) const {
    const auto& [kind, index] = program_->values_[number].place;
    if (kind == PlaceKind::input) return;
    const std::int64_t written = kind == PlaceKind::output ? written_outputs_[index] : written_slots_[index];
    if (written < static_cast<std::int64_t>(end_of(program_->values_[number]))) {
      malformed("an instruction reads a value that nothing wrote");
    }
  }

  // Only elementwise chains may write over one of their inputs, and only exactly over it.
  void check_target(const Instruction& instruction, std::size_t which) const {
    const Value& target = program_->values_[instruction.outputs[which]];
    if (target.place.kind == PlaceKind::input) malformed("an instruction writes to an input");
    // So that what was written of a place is always its beginning.
    if (target.offset != 0) malformed("an instruction writes into the middle of a place");
    for (const std::uint32_t number : instruction.inputs) {
      const Value& source = program_->values_[number];
      if (source.place != target.place || source.bytes == 0) continue;
      if (instruction.kernel.name != "fused" || source.offset != 0 || source.shape != target.shape ||
          source.bytes != target.bytes) {
        malformed(std::string(instruction.kernel.name) + " writes over one of its inputs");
      }
    }
    for (std::size_t other = 0; other < which; ++other) {
      if (program_->values_[instruction.outputs[other]].place == target.place) {
        malformed("an instruction writes two outputs to one place");
      }
    }
  }

  void mark_written(const Value& value) {
    auto& written = (value.place.kind == PlaceKind::output ? written_outputs_ : written_slots_)[value.place.index];
    written = std::max(written, static_cast<std::int64_t>(value.bytes));
  }

  void find_dying_slots() {
    program_->dying_slots_.resize(program_->instructions_.size());
    std::vector<bool> seen(program_->slot_bytes_.size(), false);
    for (std::size_t i = program_->instructions_.size(); i-- > 0;) {
      const Instruction& instruction = program_->instructions_[i];
      for (const auto* numbers : {&instruction.inputs, &instruction.outputs}) {
        for (const std::uint32_t number : *numbers) {
          const Place& place = program_->values_[number].place;
          if (place.kind != PlaceKind::slot || seen[place.index]) continue;
          seen[place.index] = true;
          program_->dying_slots_[i].push_back(place.index);
        }
      }
    }
  }

  Reader reader_;
  std::size_t size_;
  std::shared_ptr<Program> program_ = std::make_shared<Program>();
  // How many bytes of each place have been written so far, or kUnwritten.
  std::vector<std::int64_t> written_outputs_;
  std::vector<std::int64_t> written_slots_;
};

std::shared_ptr<const Program> Program::decode(std::span<const double> code) { return ProgramDecoder(code).decode(); }

}  // namespace palimpsest
