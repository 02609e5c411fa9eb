// What archives and folders have in common: an OCI image layout (OCI image-spec image-layout.md)
// over some way to read files, and the choice of one image among several.
// Included by this room's sources only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/cancellation.h"
#include "lib/base/result.h"
#include "scanner/image/source.h"

namespace landwaiter::image {

/// Files by their path within an archive or a folder. Errors name the path.
class FileTree {
 public:
  virtual ~FileTree() = default;
  virtual std::string Name() const = 0;
  virtual bool Has(const std::string& path) const = 0;
  /// Bytes of a small file. Errors: MalformedImage where it is missing, TooLarge above `max_bytes`.
  virtual Result<std::string> ReadAll(const std::string& path, std::size_t max_bytes) const = 0;
  struct Opened {
    std::unique_ptr<BlobReader> reader;
    std::uint64_t size = 0;
  };
  /// The reader may outlive the tree.
  virtual Result<Opened> Open(const std::string& path) const = 0;
};

/// One of the images in an archive: what it may be called, and what it is.
struct Candidate {
  std::vector<std::string> names;  // as written there; may be empty
  std::string identity;            // equal for two names of one image
};

/// The index of the chosen one. `wanted` as ArchiveOptions::image.
Result<std::size_t> ChooseImage(const std::vector<Candidate>& candidates, const std::string& wanted,
                                const std::string& where);

Result<std::unique_ptr<ImageSource>> OpenLayoutTree(std::shared_ptr<const FileTree> files,
                                                    const std::string& image);
/// `docker save`'s manifest.json.
Result<std::unique_ptr<ImageSource>> OpenDockerSave(std::shared_ptr<const FileTree> files,
                                                    const std::string& image,
                                                    const Cancellation& cancel);

}  // namespace landwaiter::image
