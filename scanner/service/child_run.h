// One child process, from its start to its result.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/cancellation.h"
#include "lib/base/digest.h"
#include "lib/base/file.h"
#include "lib/base/result.h"
#include "scanner/service/blob_server.h"
#include "scanner/service/protocol.h"
#include "scanner/service/scan_in_child.h"

namespace landwaiter::service {

class ChildProcess;

/// Internal, reason ScannerFailed.
Error ScannerFailed(std::string message);

/// The bytes whole. Errors: Internal reason ScannerFailed where it has more than `max_bytes`.
Result<std::string> ReadResult(const FilePart& result, std::size_t max_bytes);

class ChildRun {
 public:
  /// All outlive the run. `options` gives the callbacks and the limits.
  ChildRun(BlobServer& server, const ScanOptions& options, const ChildOptions& child,
           const Cancellation& cancel)
      : server_(server),
        options_(options),
        child_options_(child),
        cancel_(cancel.Within(child.timeout)),
        outer_(cancel) {}

  /// Starts the child with so many scratch files (and the archive and the ring of its blob, where
  /// there are such), answers it until it ends. `start`: its descriptors and limits are filled in.
  /// Call once. Returns what the child left, in a memory file. Errors: the child's own; reason
  /// ScannerFailed for a child that crashed, was killed or answered nonsense; Cancelled;
  /// DeadlineExceeded.
  Result<FilePart> Run(StartMessage start, unsigned scratch_files, std::optional<int> archive_fd,
                       const BlobRing* ring = nullptr);

 private:
  Status MakeFiles(unsigned scratch_files);
  Result<FilePart> Watch(ChildProcess& child);
  /// False once the child has hung up.
  Result<bool> HandlePacket();
  Status HandleMessage(const ChildMessage& message);
  Error Interrupted() const;
  Result<FilePart> Judge(int status);
  std::optional<std::uint64_t> ResultSize() const;
  std::string Doing() const;

  BlobServer& server_;
  const ScanOptions& options_;
  const ChildOptions& child_options_;
  const Cancellation cancel_;
  const Cancellation& outer_;
  FileDescriptor socket_;
  FileDescriptor child_socket_;
  FileDescriptor result_;
  FileDescriptor stopped_;
  std::vector<FileDescriptor> scratch_;
  std::map<int, Digest> reading_;  // layers that the child has begun and not ended
};

}  // namespace landwaiter::service
