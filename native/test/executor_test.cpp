// The threads of the engine: loops, jobs and memory used from several threads at once. The thread sanitizer runs these too.
#include <atomic>
#include <future>
#include <numeric>
#include <thread>

#include "core/executor.h"
#include "core/storage.h"
#include "support/check.h"

namespace palimpsest::test {
namespace {

using Ended = std::promise<std::exception_ptr>;

std::shared_ptr<Job> job_of(std::function<void(const Workers&)> work, Ended& ended) {
  auto job = std::make_shared<Job>();
  job->work = std::move(work);
  job->settled = [&ended](std::exception_ptr error) { ended.set_value(std::move(error)); };
  return job;
}

std::string code_of(Ended& ended) {
  const std::exception_ptr error = ended.get_future().get();
  try {
    if (error) std::rethrow_exception(error);
  } catch (const Error& error) {
    return error.code;
  }
  return "none";
}

// Keeps an executor busy until it is cancelled.
void run_until_cancelled(const Workers& workers) {
  for (;;) workers.parallel_for(64, [](std::size_t) {});
}

TEST("loops of several callers share the helpers and run every index once") {
  constexpr std::size_t kCallers = 4, kCount = 1000, kRounds = 50;
  std::vector<std::thread> callers;
  std::vector<std::vector<int>> visits(kCallers, std::vector<int>(kCount, 0));
  for (std::size_t caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&visits, caller] {
      const Workers workers(1 + caller, nullptr);
      for (std::size_t round = 0; round < kRounds; ++round) {
        workers.parallel_for(kCount, [&](std::size_t index) { ++visits[caller][index]; });
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  for (const auto& counts : visits) {
    for (const int count : counts) check_equal(count, static_cast<int>(kRounds), "visits");
  }
}

TEST("a loop throws what a body threw, and the helpers go on") {
  const Workers workers(3, nullptr);
  for (int round = 0; round < 100; ++round) {
    check_throws("ERR_VALUE", "index", [&] {
      workers.parallel_for(100, [](std::size_t index) {
        if (index == 50) throw Error("ERR_VALUE", "index 50");
      });
    });
  }
  std::atomic<std::size_t> sum{0};
  workers.parallel_for(100, [&](std::size_t index) { sum += index; });
  check_equal(sum.load(), std::size_t{4950}, "sum");
}

TEST("a cancelled loop ends at once, however many pieces are left") {
  CancelFlag cancelled{false};
  const Workers workers(2, &cancelled);
  check_throws("ERR_ABORTED", "aborted", [&] {
    workers.parallel_for(std::size_t{1} << 60, [&](std::size_t index) {
      if (index == 10) cancelled = true;
    });
  });
}

TEST("an executor runs jobs in order, and settles each once") {
  Executor executor(2);
  std::vector<int> order;
  std::vector<Ended> ended(20);
  for (int i = 0; i < 20; ++i) {
    executor.submit(job_of([&order, i](const Workers&) { order.push_back(i); }, ended[static_cast<std::size_t>(i)]));
  }
  for (Ended& each : ended) check_equal(code_of(each), "none", "outcome");
  std::vector<int> expected(20);
  std::iota(expected.begin(), expected.end(), 0);
  check(order == expected, "the order differs");
}

TEST("a job that waits is cancelled without waiting for the one before it") {
  Executor executor(2);
  Ended running_ended, waiting_ended, last_ended;
  const auto running = job_of(run_until_cancelled, running_ended);
  const auto waiting = job_of([](const Workers&) { check(false, "a cancelled job ran"); }, waiting_ended);
  executor.submit(running);
  executor.submit(waiting);
  executor.cancel(waiting->cancelled);
  check_equal(code_of(waiting_ended), "ERR_ABORTED", "outcome of the waiting job");
  executor.cancel(running->cancelled);
  executor.cancel(running->cancelled);
  check_equal(code_of(running_ended), "ERR_ABORTED", "outcome of the running job");
  executor.cancel(running->cancelled);
  executor.submit(job_of([](const Workers&) {}, last_ended));
  check_equal(code_of(last_ended), "none", "outcome of the last job");
}

TEST("an executor that stops cancels what runs, drops what waits and takes no more") {
  for (int round = 0; round < 50; ++round) {
    Executor executor(2);
    std::vector<Ended> ended(3);
    for (Ended& each : ended) executor.submit(job_of(run_until_cancelled, each));
    if (round % 2 == 0) std::this_thread::yield();
    executor.stop();
    executor.stop();
    check_throws("ERR_CLOSED", "ended", [&] { executor.submit(std::make_shared<Job>()); });
  }
}

TEST("an allocator serves several threads, and its storages outlive it") {
  auto allocator = std::make_shared<Allocator>();
  std::vector<std::thread> threads;
  for (std::size_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([allocator, thread] {
      for (std::size_t round = 0; round < 500; ++round) {
        const StoragePtr storage = allocator->allocate(1 + (thread * 7919 + round * 104729) % 10000);
        storage->data()[storage->bytes() - 1] = std::byte{1};
        if (round % 100 == 0) allocator->trim();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  check_equal(allocator->counters().live_bytes, std::size_t{0}, "live bytes");
  const StoragePtr last = allocator->allocate(10);
  allocator.reset();
  last->data()[9] = std::byte{1};
}

}  // namespace
}  // namespace palimpsest::test
