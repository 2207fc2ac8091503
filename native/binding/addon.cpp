#include <dlfcn.h>
#include <napi.h>

#include <cstring>

#include "../core/kernel.h"
#include "../kernels/elementwise/operations.h"
#include "decode.h"
#include "environment.h"
#include "memory.h"
#include "task.h"

namespace palimpsest::binding {
namespace {

constexpr std::size_t kMaxSize = (std::size_t{1} << 53) - 1;
constexpr std::size_t kCopyPiece = std::size_t{4} << 20;

// Every binding goes through here, so that C++ exceptions become JavaScript errors in one place.
template <Napi::Value (*function)(const Napi::CallbackInfo&)> Napi::Value guarded(const Napi::CallbackInfo& info) {
  try {
    return function(info);
  } catch (...) {
    throw to_js_error(info.Env(), std::current_exception());
  }
}

template <typename Names> Napi::Value to_array(Napi::Env env, const Names& names) {
  auto array = Napi::Array::New(env);
  for (const auto& name : names) array.Set(array.Length(), Napi::String::New(env, std::string(name)));
  return array;
}

// kernelNames() -> string[]: the place of a name is the kernel's number in programs.
Napi::Value kernel_names(const Napi::CallbackInfo& info) {
  std::vector<std::string_view> names;
  for (const KernelEntry& entry : kernels()) names.push_back(entry.name);
  return to_array(info.Env(), names);
}

// elementwiseNames() -> string[]: the place of a name is the operation's code in `fused` instructions.
Napi::Value elementwise_names(const Napi::CallbackInfo& info) {
  return to_array(info.Env(), elementwise_operations());
}

// createBuffer(view) -> handle: a copy of the view's bytes.
Napi::Value create_buffer(const Napi::CallbackInfo& info) {
  Decoder args(info, "createBuffer");
  const auto source = args.bytes(0);
  StoragePtr storage = Environment::of(info.Env()).allocator->allocate(source.size());
  if (!source.empty()) std::memcpy(storage->data(), source.data(), source.size());
  return wrap_buffer(info.Env(), std::move(storage));
}

// borrowBuffer(view) -> handle: the view's own memory, which must not change while the handle is used.
Napi::Value borrow_buffer(const Napi::CallbackInfo& info) {
  Decoder args(info, "borrowBuffer");
  Napi::Object owner;
  const auto bytes = args.bytes(0, &owner);
  return wrap_buffer(info.Env(), borrow(info.Env(), owner, bytes, "borrowBuffer"));
}

// arrayOf(handle) -> ArrayBuffer: the bytes themselves, not to be written; undefined where they have to be copied.
Napi::Value array_of(const Napi::CallbackInfo& info) {
  return array_over(info.Env(), Decoder(info, "arrayOf").buffer(0));
}

// copyBuffer(handle) -> { promise: Promise<handle>, task }: a copy, made off the main thread.
Napi::Value copy_buffer(const Napi::CallbackInfo& info) {
  Decoder args(info, "copyBuffer");
  Task<StoragePtr> task;
  task.work = [source = args.buffer(0), allocator = Environment::of(info.Env()).allocator](const Workers& workers,
                                                                                             const ReportProgress&) {
    StoragePtr copy = allocator->allocate(source->bytes());
    workers.parallel_range(source->bytes(), kCopyPiece, [&](std::size_t begin, std::size_t end) {
      std::memcpy(copy->data() + begin, source->data() + begin, end - begin);
    });
    return copy;
  };
  task.wrap = [](Napi::Env env, StoragePtr& copy) { return wrap_buffer(env, std::move(copy)); };
  return start(info.Env(), std::move(task), info.Env().Undefined());
}

// readBuffer(handle, byteOffset, view): fills the view from the buffer.
Napi::Value read_buffer(const Napi::CallbackInfo& info) {
  Decoder args(info, "readBuffer");
  const StoragePtr storage = args.buffer(0);
  const std::size_t offset = args.size(1, 0, storage->bytes());
  const auto target = args.bytes(2);
  if (target.size() > storage->bytes() - offset) {
    throw Error("ERR_BUFFER", "readBuffer: " + std::to_string(target.size()) + " bytes asked for at offset " +
                                  std::to_string(offset) + " of a buffer of " + std::to_string(storage->bytes()));
  }
  if (!target.empty()) std::memcpy(target.data(), storage->data() + offset, target.size());
  return info.Env().Undefined();
}

// viewBuffer(handle, byteOffset, byteLength) -> handle: some of the bytes, not copied.
Napi::Value view_buffer(const Napi::CallbackInfo& info) {
  Decoder args(info, "viewBuffer");
  const StoragePtr storage = args.buffer(0);
  const std::size_t offset = args.size(1, 0, storage->bytes());
  return wrap_buffer(info.Env(), Storage::view(storage, offset, args.size(2, 0, storage->bytes() - offset)));
}

// releaseBuffer(handle) -> whether it was live.
Napi::Value release(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), release_buffer(info.Env(), info[0]));
}

// createProgram(code) -> handle.
Napi::Value create_program(const Napi::CallbackInfo& info) {
  Decoder args(info, "createProgram");
  return wrap_program(info.Env(), Program::decode(args.numbers(0)));
}

Napi::Array wrap_buffers(Napi::Env env, std::vector<StoragePtr>& storages) {
  auto handles = Napi::Array::New(env, storages.size());
  for (std::uint32_t i = 0; i < storages.size(); ++i) handles.Set(i, wrap_buffer(env, std::move(storages[i])));
  return handles;
}

// runProgram(program, inputs, onProgress?) -> { promise: Promise<handle[]>, task }.
Napi::Value run_program(const Napi::CallbackInfo& info) {
  Decoder args(info, "runProgram");
  Task<std::vector<StoragePtr>> task;
  task.work = [program = args.program(0), inputs = args.buffers(1),
               allocator = Environment::of(info.Env()).allocator](const Workers& workers, const ReportProgress& report) {
    return program->run(inputs, workers, *allocator, report);
  };
  task.wrap = [](Napi::Env env, std::vector<StoragePtr>& outputs) -> Napi::Value { return wrap_buffers(env, outputs); };
  return start(info.Env(), std::move(task), args.optional_function(2));
}

struct TimedRun {
  std::vector<StoragePtr> outputs;
  Program::Times times;
};

Napi::Value wrap_timed(Napi::Env env, TimedRun& run) {
  auto times = Napi::Float64Array::New(env, run.times.size());
  for (std::size_t i = 0; i < run.times.size(); ++i) times[i] = run.times[i];
  auto answer = Napi::Object::New(env);
  answer.Set("outputs", wrap_buffers(env, run.outputs));
  answer.Set("times", times);
  return answer;
}

// profileProgram(program, inputs, onProgress?) -> { promise: Promise<{ outputs: handle[], times: Float64Array }>, task }.
Napi::Value profile_program(const Napi::CallbackInfo& info) {
  Decoder args(info, "profileProgram");
  Task<TimedRun> task;
  task.work = [program = args.program(0), inputs = args.buffers(1),
               allocator = Environment::of(info.Env()).allocator](const Workers& workers, const ReportProgress& report) {
    TimedRun run;
    run.outputs = program->run(inputs, workers, *allocator, report, &run.times);
    return run;
  };
  task.wrap = wrap_timed;
  return start(info.Env(), std::move(task), args.optional_function(2));
}

// cancelTask(task): asks a run to stop; its promise then rejects with ERR_ABORTED, at once if it has not begun.
Napi::Value cancel_task(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).executor.cancel(Decoder(info, "cancelTask").cancel(0));
  return info.Env().Undefined();
}

Napi::Value describe(Napi::Env env, const SafetensorsIndex& index) {
  auto tensors = Napi::Array::New(env);
  for (const TensorEntry& entry : index.tensors) {
    auto item = Napi::Object::New(env);
    auto shape = Napi::Array::New(env);
    for (const std::int64_t extent : entry.shape) {
      shape.Set(shape.Length(), Napi::Number::New(env, static_cast<double>(extent)));
    }
    item.Set("name", entry.name);
    item.Set("dtype", entry.dtype);
    item.Set("shape", shape);
    tensors.Set(tensors.Length(), item);
  }
  auto metadata = Napi::Array::New(env);
  for (const auto& [key, value] : index.metadata) {
    auto pair = Napi::Array::New(env, 2);
    pair.Set(0u, key);
    pair.Set(1u, value);
    metadata.Set(metadata.Length(), pair);
  }
  auto answer = Napi::Object::New(env);
  answer.Set("tensors", tensors);
  answer.Set("metadata", metadata);
  return answer;
}

// openSafetensors(path) -> { promise: Promise<{ file, tensors: { name, dtype, shape }[], metadata: [key, value][] }>, task }.
Napi::Value open_safetensors(const Napi::CallbackInfo& info) {
  Decoder args(info, "openSafetensors");
  Task<std::shared_ptr<SafetensorsFile>> task;
  task.work = [path = args.text(0)](const Workers&, const ReportProgress&) { return SafetensorsFile::open(path); };
  task.wrap = [](Napi::Env env, std::shared_ptr<SafetensorsFile>& file) -> Napi::Value {
    auto answer = describe(env, file->index()).As<Napi::Object>();
    answer.Set("file", wrap_file(env, file));
    return answer;
  };
  return start(info.Env(), std::move(task), info.Env().Undefined());
}

// safetensorsBuffer(file, tensor number) -> handle: the mapped bytes.
Napi::Value safetensors_buffer(const Napi::CallbackInfo& info) {
  Decoder args(info, "safetensorsBuffer");
  const auto file = args.file(0);
  const std::size_t count = file->index().tensors.size();
  if (count == 0) throw Error("ERR_ARGUMENT", "safetensorsBuffer: the file holds no tensor");
  const std::size_t which = args.size(1, 0, count - 1);
  return wrap_buffer(info.Env(), file->storage(which, Environment::of(info.Env()).allocator));
}

// memory() -> counters in bytes.
Napi::Value memory(const Napi::CallbackInfo& info) {
  const Environment& environment = Environment::of(info.Env());
  const MemoryCounters counters = environment.allocator->counters();
  auto answer = Napi::Object::New(info.Env());
  answer.Set("liveBytes", static_cast<double>(counters.live_bytes));
  answer.Set("peakBytes", static_cast<double>(counters.peak_bytes));
  answer.Set("cachedBytes", static_cast<double>(counters.cached_bytes));
  answer.Set("handles", static_cast<double>(environment.live_handles));
  answer.Set("handleBytes", static_cast<double>(environment.handle_bytes));
  const std::int64_t external = Napi::MemoryManagement::AdjustExternalMemory(info.Env(), 0);
  answer.Set("externalBytes", static_cast<double>(external));
  return answer;
}

// capacityOf(bytes) -> how many bytes the allocator hands out for so many.
Napi::Value capacity_of(const Napi::CallbackInfo& info) {
  const std::size_t bytes = Decoder(info, "capacityOf").size(0, 0, kMaxSize);
  return Napi::Number::New(info.Env(), static_cast<double>(Allocator::capacity_for(bytes)));
}

// resetPeak() and trimCache().
Napi::Value reset_peak(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).allocator->reset_peak();
  return info.Env().Undefined();
}

Napi::Value trim_cache(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).allocator->trim();
  return info.Env().Undefined();
}

// setMemoryLimit(bytes): 0 for none.
Napi::Value set_memory_limit(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).allocator->set_limit(Decoder(info, "setMemoryLimit").size(0, 0, kMaxSize));
  return info.Env().Undefined();
}

// setThreads(count) and threads() -> count.
Napi::Value set_threads(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).executor.set_threads(Decoder(info, "setThreads").size(0, 1, 1024));
  return info.Env().Undefined();
}

Napi::Value threads(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(Environment::of(info.Env()).executor.threads()));
}

// Keeps this library in memory for as long as the process lives. Node unloads an addon with the last worker thread that
// loaded it, and would take the code from under the pool's helper threads.
void stay_loaded() {
  Dl_info library;
  if (dladdr(reinterpret_cast<void*>(&stay_loaded), &library) == 0) return;
  dlopen(library.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  stay_loaded();
  env.SetInstanceData(new Environment(env));
  const auto add = [&](const char* name, Napi::Value (*function)(const Napi::CallbackInfo&)) {
    exports.Set(name, Napi::Function::New(env, function, name));
  };
  add("kernelNames", guarded<kernel_names>);
  add("elementwiseNames", guarded<elementwise_names>);
  add("createBuffer", guarded<create_buffer>);
  add("borrowBuffer", guarded<borrow_buffer>);
  add("arrayOf", guarded<array_of>);
  add("copyBuffer", guarded<copy_buffer>);
  add("readBuffer", guarded<read_buffer>);
  add("viewBuffer", guarded<view_buffer>);
  add("releaseBuffer", guarded<release>);
  add("createProgram", guarded<create_program>);
  add("runProgram", guarded<run_program>);
  add("profileProgram", guarded<profile_program>);
  add("cancelTask", guarded<cancel_task>);
  add("openSafetensors", guarded<open_safetensors>);
  add("safetensorsBuffer", guarded<safetensors_buffer>);
  add("memory", guarded<memory>);
  add("capacityOf", guarded<capacity_of>);
  add("resetPeak", guarded<reset_peak>);
  add("trimCache", guarded<trim_cache>);
  add("setMemoryLimit", guarded<set_memory_limit>);
  add("setThreads", guarded<set_threads>);
  add("threads", guarded<threads>);
  return exports;
}

}  // namespace

NODE_API_MODULE(palimpsest, init)

}  // namespace palimpsest::binding
