#pragma once

namespace palimpsest {

// OpenBLAS runs on the thread that calls it and on no other: our pool does the dividing, so that results are
// the same bits for any number of threads and nothing spins between calls. It has a fixed number of work
// buffers for the process and ends the process when they run out; whoever calls it holds one of these
// meanwhile, and waits when there are too many. A thread may hold several and counts once; while it holds
// one, it must not wait for other threads that need one.
class BlasPermit {
 public:
  BlasPermit();
  ~BlasPermit();
  BlasPermit(const BlasPermit&) = delete;
  BlasPermit& operator=(const BlasPermit&) = delete;
};

}  // namespace palimpsest
