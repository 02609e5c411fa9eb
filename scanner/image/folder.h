// A folder of this machine as one layer (`dir:PATH`): a tar of the files that somebody wants and of
// all symbolic links, sorted by name, made while it is read. Where it is the root of a system the
// other files are in it too, as empty ones.
//
// Every folder and file is opened below the one before, so that nothing outside is ever read; links
// are told, and mean what they would mean in an image whose root the folder is. Left out: .git,
// what is no regular file, and the kernel's own file systems.
//
// A link to a file within the folder is followed where somebody wants a file of the link's name
// and nobody the file under its own ("Gemfile.lock -> locks/production"): it is in the tar under
// the link's name. Whatever else a link leads to within the folder is met at its own place, so that
// no loop can be walked. Links that lead out of it are counted and told, and not followed: what is
// out there was not asked for, and may be another one's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "lib/base/file.h"
#include "lib/base/result.h"
#include "scanner/image/source.h"

namespace landwaiter::image {

/// Nested node_modules of npm 2 reached some 60; a descriptor is held open for each.
inline constexpr std::size_t kMaxFolderDepth = 200;
/// As the layer pass's limit of an image's entries.
inline constexpr std::uint64_t kMaxFolderEntries = 10'000'000;

/// Asked for by this media type: the files that FolderOptions::wants, or every file there is.
inline constexpr std::string_view kWantedFiles = "application/vnd.landwaiter.folder.wanted.tar";
inline constexpr std::string_view kAllFiles = "application/vnd.landwaiter.folder.all.tar";

/// Half of the packet in which a scan's child asks.
inline constexpr std::size_t kMaxNamedFilesBytes = 32u << 10;

/// The media type that asks for kWantedFiles and these besides: paths below the folder, clean. They
/// are met where they stand, behind no link. What does not fit into kMaxNamedFilesBytes is left
/// out.
std::string WantedFilesAnd(const std::set<std::string>& paths);

struct FolderFile {
  std::string_view path;  // below the folder, no leading '/'
  std::uint32_t mode = 0;
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  std::uint64_t size = 0;
};

/// What the last walk met.
struct FolderReport {
  std::uint64_t files = 0;                      // regular ones
  std::uint64_t taken = 0;                      // those of them that were read
  std::uint64_t unread = 0;                     // files and folders that could not be read
  std::vector<std::string> unread_examples;     // "PATH: why", a few
  std::uint64_t links_out = 0;                  // links to what lies outside
  std::vector<std::string> links_out_examples;  // their paths, a few
};

class FolderSource final : public ImageSource {
 public:
  using Wants = std::function<bool(const FolderFile& file)>;

  /// Errors: NotFound, PermissionDenied, InvalidArgument where it is no folder.
  static Result<std::unique_ptr<FolderSource>> Open(const std::string& path, Wants wants);

  std::string Name() const override { return name_; }
  /// A folder has none: Unsupported.
  Result<RawManifest> Manifest(const std::optional<Digest>& digest) override;
  /// The tar, by media type; digest and size are not looked at. One at a time.
  Result<std::unique_ptr<BlobReader>> Blob(const Descriptor& descriptor) override;

  const FolderReport& report() const { return report_; }

 private:
  FolderSource(FileDescriptor root, std::string name, Wants wants)
      : root_(std::move(root)), name_(std::move(name)), wants_(std::move(wants)) {}

  const FileDescriptor root_;
  const std::string name_;
  const Wants wants_;
  FolderReport report_;
};

/// One file of this machine as such a layer (`sbom:FILE`), under its own name.
class FileSource final : public ImageSource {
 public:
  /// Errors: NotFound, PermissionDenied, InvalidArgument where it is no regular file.
  static Result<std::unique_ptr<FileSource>> Open(const std::string& path);

  std::string Name() const override { return name_; }
  Result<RawManifest> Manifest(const std::optional<Digest>& digest) override;
  Result<std::unique_ptr<BlobReader>> Blob(const Descriptor& descriptor) override;

 private:
  FileSource(FileDescriptor file, std::string name, std::uint64_t size)
      : file_(std::move(file)), name_(std::move(name)), size_(size) {}

  const FileDescriptor file_;
  const std::string name_;
  const std::uint64_t size_;
};

}  // namespace landwaiter::image
