// IMAGE of `landwaiter scan`: a registry reference, or a file or folder that holds an image.
#pragma once

#include <string>

#include "cli/registry_access.h"
#include "lib/base/cancellation.h"
#include "lib/base/result.h"
#include "scanner/service/scan_in_child.h"

namespace landwaiter::cli {

enum class ImageKind { kRegistry, kArchive, kLayout, kDocker, kPodman, kFolder, kDocument };

struct ImageArgument {
  ImageKind kind = ImageKind::kRegistry;
  std::string value;  // reference, path, or the engine's name of it
};

/// "archive:PATH" (`docker save`, OCI tar), "oci:PATH" (OCI layout folder), "registry:REFERENCE",
/// "docker:NAME" and "podman:NAME" (an image that the engine has; name, ID or digest), "dir:PATH"
/// (a folder of files, no image), "sbom:FILE" (a document that lists packages). Without a prefix:
/// what starts with '/', './' or '../' is a path, and so is what exists as a file with .tar in its
/// name or as a folder with an oci-layout; all else is a reference. Errors: NotFound for a path
/// that is not there, InvalidArgument for an empty one.
Result<ImageArgument> ParseImageArgument(const std::string& text);

/// Scans it in a sandboxed child. `choice` picks one of several images in an archive or layout.
Result<ImageInventory> ScanImageArgument(const ImageArgument& image, const std::string& choice,
                                         const RegistryFlags& flags,
                                         const service::ScanOptions& options,
                                         const service::ChildOptions& child,
                                         const Cancellation& cancel);

}  // namespace landwaiter::cli
