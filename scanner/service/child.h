// The child's side of a scan.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "lib/base/result.h"
#include "scanner/image/source.h"
#include "scanner/layer/malware_look.h"
#include "scanner/service/protocol.h"

namespace landwaiter::service {

/// The image, asked of the parent over its socket. Thread-safe.
class ParentSource final : public image::ImageSource {
 public:
  explicit ParentSource(int socket) : socket_(socket) {}
  std::string Name() const override { return "image"; }
  Result<image::RawManifest> Manifest(const std::optional<Digest>& digest) override;
  Result<std::unique_ptr<image::BlobReader>> Blob(const image::Descriptor& descriptor) override;

  /// A blob's frames, as they come: in a pipe, or of a ring (blob_ring.h).
  Result<FileDescriptor> Transfer(const image::Descriptor& descriptor);

  /// The inventory of a layer that a child of its own, or the cache, gives. Errors: those of its
  /// reading; InvalidArgument reason ScannerFailed where it is none.
  Result<layer::LayerInventory> Layer(const layer::LayerDescriptor& descriptor);

  /// Who looks at files for malware.
  Result<std::unique_ptr<layer::MalwareLook>> Malware(std::uint64_t max_file_bytes);

  /// Progress and the like; a parent that is gone is noticed by the next question.
  void Tell(const ChildMessage& message);

 private:
  Result<FileDescriptor> Ask(const ChildMessage& question);

  const int socket_;
  std::mutex mutex_;  // a question and its answer belong together
};

/// What a child does: reads its image and answers the inventory, encoded; or reads the one layer
/// that it was started for, writes its inventory to the result file and answers nothing more.
Result<std::string> Scan(const StartMessage& start);

/// The life of a child: reads the start message, enters the sandbox, does `work` and leaves its
/// result, the inventory's bytes or an error, in the result file. Ends the process.
[[noreturn]] void RunChild(const std::function<Result<std::string>(const StartMessage&)>& work);

}  // namespace landwaiter::service
