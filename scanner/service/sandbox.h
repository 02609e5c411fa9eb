// What a scan's child may do: compute, read and write the descriptors it was handed, make threads.
// Order matters: descriptors, limits, user, privileges, and the system call filter last.
#pragma once

#include <cstdint>
#include <string>

#include "lib/base/result.h"

namespace landwaiter::service {

struct SandboxOptions {
  int socket_fd = 3;               // the one socket that messages may pass over
  int last_fd = 4;                 // all above are closed
  std::uint64_t memory_bytes = 0;  // RLIMIT_AS; 0: not set
  std::uint64_t cpu_seconds = 0;   // RLIMIT_CPU
  std::uint64_t file_bytes = 0;    // RLIMIT_FSIZE
};

/// Never to be left again. Called while the process has one thread.
/// Errors: Internal reason ScannerFailed where a step is refused: then nothing may be parsed.
Status EnterSandbox(const SandboxOptions& options);

/// True in builds whose sanitizer's own needs (address space, system calls, files) the sandbox
/// would refuse: limits of memory and the filter are left out there, and tests of them are skipped.
bool SandboxIsWeakened();

/// "SIGSEGV", "SIGSYS (a system call that its sandbox forbids)", …
std::string DescribeSignal(int signal);

}  // namespace landwaiter::service
