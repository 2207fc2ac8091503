#include "program.h"

#include <chrono>
#include <cstdint>
#include <string>

#include "checked.h"

namespace palimpsest {

std::vector<StoragePtr> Program::run(std::span<const StoragePtr> inputs, const Workers& workers, Allocator& allocator,
                                     const Progress& progress, Times* times) const {
  if (inputs.size() != input_bytes_.size()) {
    throw Error("ERR_PROGRAM", "run: the program takes " + std::to_string(input_bytes_.size()) + " inputs, got " +
                                   std::to_string(inputs.size()));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i]->bytes() < input_bytes_[i]) {
      throw Error("ERR_BUFFER", "run: input " + std::to_string(i) + " needs " + std::to_string(input_bytes_[i]) +
                                    " bytes, the buffer has " + std::to_string(inputs[i]->bytes()));
    }
    if (reinterpret_cast<std::uintptr_t>(inputs[i]->data()) % input_alignments_[i] != 0) {
      throw Error("ERR_BUFFER", "run: input " + std::to_string(i) + " must lie at a multiple of " +
                                    std::to_string(input_alignments_[i]) + " bytes");
    }
  }
  std::vector<StoragePtr> outputs(output_bytes_.size());
  std::vector<StoragePtr> slots(slot_bytes_.size());
  const auto locate = [&](const Place& place) -> std::byte* {
    switch (place.kind) {
      case PlaceKind::input: return inputs[place.index]->data();
      case PlaceKind::output: {
        StoragePtr& storage = outputs[place.index];
        if (!storage) storage = allocator.allocate(output_bytes_[place.index]);
        return storage->data();
      }
      case PlaceKind::slot: {
        StoragePtr& storage = slots[place.index];
        if (!storage) storage = allocator.allocate(slot_bytes_[place.index]);
        return storage->data();
      }
    }
    throw Error("ERR_INTERNAL", "a value without a place");
  };

  // Views are filled anew for every instruction; their shapes keep their memory.
  std::vector<View> all_in(most_values_), all_out(most_values_);
  const auto view_all = [&](const std::vector<std::uint32_t>& numbers, std::vector<View>& views) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const Value& value = values_[numbers[i]];
      views[i].dtype = value.dtype;
      views[i].shape = value.shape;
      views[i].size = value.size;
      views[i].data = locate(value.place) + value.offset;
    }
    return std::span<const View>(views.data(), numbers.size());
  };
  const auto start = std::chrono::steady_clock::now();
  const auto note_time = [&] {
    if (times == nullptr) return;
    const std::chrono::duration<double, std::nano> passed = std::chrono::steady_clock::now() - start;
    times->push_back(passed.count());
  };
  for (std::size_t i = 0; i < instructions_.size(); ++i) {
    if (workers.cancelled()) throw Error("ERR_ABORTED", "the evaluation was aborted");
    const Instruction& instruction = instructions_[i];
    const std::span<const View> views_in = view_all(instruction.inputs, all_in);
    const std::span<const View> views_out = view_all(instruction.outputs, all_out);
    note_time();
    instruction.kernel.run(
        Call(instruction.kernel.name, views_in, views_out, instruction.attributes, workers, allocator));
    note_time();
    for (const std::uint32_t slot : dying_slots_[i]) slots[slot].reset();
    if (progress) progress(i + 1, instructions_.size());
  }
  return outputs;
}

}  // namespace palimpsest
