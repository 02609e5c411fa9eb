// Images in files: `docker save` archives (manifest.json with config and layer paths, as docker,
// podman, kaniko and skopeo write them; also those of Docker 25 and later, which are OCI layouts
// besides) and OCI image layouts in a tar. Plain, or as a whole gzip- or zstd-compressed.
//
// Works on an open file descriptor with pread alone and opens no path, so that a child process
// without rights to files can run it. The tar is indexed once, bounded; a name that is absolute or
// steps upwards is an error, as is an archive that breaks off. Links inside the archive (Docker
// before 1.10 and save of shared layers) are followed within it, kMaxLinkDepth deep.
//
// `docker save` keeps no manifest: one is made of manifest.json (Docker V2 schema 2), so its digest
// is this archive's and no registry's; layer digests are the configuration's diffIDs for plain
// layers (and so checked when read), computed for compressed ones.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "lib/base/cancellation.h"
#include "lib/base/file.h"
#include "lib/base/result.h"
#include "scanner/image/source.h"

namespace landwaiter::image {

struct ArchiveOptions {
  /// Which image of several: a name and tag as the archive has it ("app:1",
  /// "docker.io/library/app:1"), or a digest. Empty: the only one.
  std::string image = {};
  /// An unlinked, writable file (O_TMPFILE) for the inflated bytes of a compressed archive. Without
  /// one such an archive is Unsupported.
  FileDescriptor scratch = {};
  std::uint64_t max_inflated_bytes = 20ull << 30;
};

// A tar of 127 layers has some 520 entries; layouts with several images share blobs.
inline constexpr std::size_t kMaxArchiveEntries = 100'000;
inline constexpr int kMaxLinkDepth = 8;
/// manifest.json, index.json, oci-layout.
inline constexpr std::size_t kMaxArchiveJsonBytes = 4u << 20;

/// `name` is for messages ("app.tar"). `file` must be seekable.
/// Errors: InvalidArgument reason MalformedImage (no image archive, truncated, bad names, missing
/// entries: each named), NotFound (the chosen image is not there; lists what is), InvalidArgument
/// (several and none chosen; lists them), ResourceExhausted reason TooLarge.
Result<std::unique_ptr<ImageSource>> OpenArchive(FileDescriptor file, std::string name,
                                                 ArchiveOptions options,
                                                 const Cancellation& cancel);

/// An OCI image layout in a folder (`oci:PATH`): index.json and blobs/ALGORITHM/HEX. Blobs are
/// opened below the folder, no symbolic link followed. `image` as above.
Result<std::unique_ptr<ImageSource>> OpenLayout(const std::string& folder,
                                                const std::string& image);

}  // namespace landwaiter::image
