// Starting a scan's child, and learning how it ended.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "lib/base/file.h"
#include "lib/base/result.h"

namespace landwaiter::service {

class ChildProcess {
 public:
  /// `fds` become 3, 4, 5 … in the child; standard input, output and error are /dev/null, the
  /// environment is empty, signals are as a new process has them.
  /// Errors: Internal reason ScannerFailed.
  static Result<ChildProcess> Start(const std::string& program,
                                    const std::vector<std::string>& arguments,
                                    const std::vector<int>& fds);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  /// Kills it if it still runs, and waits for it.
  ~ChildProcess();

  /// Readable (poll) once the child has ended.
  int pidfd() const { return pidfd_.get(); }
  void Kill() const;
  /// Waits for the end: the status as waitpid gives it.
  int Wait();

 private:
  ChildProcess(pid_t pid, FileDescriptor pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}

  pid_t pid_;
  FileDescriptor pidfd_;
  std::optional<int> status_;
};

/// An unlinked file in `directory`: O_TMPFILE, or made and unlinked where the file system knows no
/// such thing. Errors: Internal reason ScannerFailed naming the directory.
Result<FileDescriptor> MakeScratchFile(const std::string& directory);

}  // namespace landwaiter::service
