#include "cli/image_argument.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "cli/registry_access.h"
#include "lib/base/file.h"
#include "scanner/image/archive.h"
#include "scanner/image/daemon.h"
#include "scanner/image/registry.h"
#include "scanner/service/child_process.h"
#include "scanner/service/scan_files.h"

namespace landwaiter::cli {
namespace {

namespace fs = std::filesystem;

bool TakePrefix(std::string& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.erase(0, prefix.size());
  return true;
}

bool LooksLikePath(const std::string& text) {
  return text.starts_with("/") || text.starts_with("./") || text.starts_with("../");
}

Result<ImageArgument> PathArgument(const std::string& path) {
  std::error_code failure;
  const fs::file_status status = fs::status(path, failure);
  if (!fs::exists(status)) {
    return NotFound("image file " + path + ": " +
                    (failure ? failure.message() : "no such file or folder"));
  }
  if (fs::is_directory(status)) return ImageArgument{ImageKind::kLayout, path};
  return ImageArgument{ImageKind::kArchive, path};
}

Result<ImageInventory> ScanRegistry(const std::string& text, const RegistryFlags& flags,
                                    const service::ScanOptions& options,
                                    const service::ChildOptions& child,
                                    const Cancellation& cancel) {
  auto reference = ImageReference::Parse(text);
  if (!reference) return std::move(reference).error();
  auto access = AccessRegistry(*reference, flags, cancel);
  if (!access) return std::move(access).error();
  auto registry = image::Registry::Create(*access->client, access->options);
  auto source = registry->Open(*reference, std::move(access->credentials), cancel);
  return service::ScanInChild(*source, options, child, cancel);
}

Result<ImageInventory> ScanEngine(image::Engine engine, const std::string& name,
                                  service::ScanOptions options, const service::ChildOptions& child,
                                  const Cancellation& cancel) {
  auto address = image::FindDaemon(engine);
  if (!address) return std::move(address).error();
  auto scratch = service::MakeScratchFile(child.scratch_directory);
  if (!scratch) return std::move(scratch).error();
  Status exported = image::ExportImage(engine, *address, name, scratch->get(),
                                       options.limits.inflated_bytes, cancel);
  if (!exported) return std::move(exported).error();
  options.archive_name = "archive of " + name;
  return service::ScanArchiveInChild(scratch->get(), options, child, cancel);
}

}  // namespace

Result<ImageArgument> ParseImageArgument(const std::string& text) {
  std::string rest = text;
  if (TakePrefix(rest, "archive:") || TakePrefix(rest, "docker-archive:") ||
      TakePrefix(rest, "oci-archive:") || TakePrefix(rest, "oci:") ||
      TakePrefix(rest, "oci-dir:")) {
    if (rest.empty()) return InvalidArgument("image '" + text + "' names no path");
    return PathArgument(rest);
  }
  if (TakePrefix(rest, "dir:")) {
    if (rest.empty()) return InvalidArgument("'" + text + "' names no folder");
    std::error_code failure;
    if (!fs::is_directory(rest, failure)) return NotFound(rest + " is no folder");
    return ImageArgument{ImageKind::kFolder, rest};
  }
  if (TakePrefix(rest, "sbom:")) {
    if (rest.empty()) return InvalidArgument("'" + text + "' names no file");
    std::error_code failure;
    if (!fs::is_regular_file(rest, failure)) return NotFound(rest + " is no file");
    return ImageArgument{ImageKind::kDocument, rest};
  }
  if (TakePrefix(rest, "registry:")) return ImageArgument{ImageKind::kRegistry, rest};
  for (const auto& [prefix, kind] :
       {std::pair("docker:", ImageKind::kDocker), std::pair("docker-daemon:", ImageKind::kDocker),
        std::pair("podman:", ImageKind::kPodman)}) {
    if (!TakePrefix(rest, prefix)) continue;
    if (rest.empty()) return InvalidArgument("image '" + text + "' names no image");
    return ImageArgument{kind, rest};
  }
  if (rest.empty()) return InvalidArgument("image is empty");
  std::error_code failure;
  const bool archive = rest.find(".tar") != std::string::npos && fs::is_regular_file(rest, failure);
  const bool layout = fs::is_regular_file(fs::path(rest) / "oci-layout", failure);
  if (LooksLikePath(rest) || archive || layout) return PathArgument(rest);
  return ImageArgument{ImageKind::kRegistry, rest};
}

Result<ImageInventory> ScanImageArgument(const ImageArgument& image, const std::string& choice,
                                         const RegistryFlags& flags,
                                         const service::ScanOptions& options,
                                         const service::ChildOptions& child,
                                         const Cancellation& cancel) {
  switch (image.kind) {
    case ImageKind::kRegistry:
      return ScanRegistry(image.value, flags, options, child, cancel);
    case ImageKind::kLayout: {
      auto source = image::OpenLayout(image.value, choice);
      if (!source) return std::move(source).error();
      return service::ScanInChild(**source, options, child, cancel);
    }
    case ImageKind::kDocker:
      return ScanEngine(image::Engine::kDocker, image.value, options, child, cancel);
    case ImageKind::kPodman:
      return ScanEngine(image::Engine::kPodman, image.value, options, child, cancel);
    case ImageKind::kFolder:
      return service::ScanFolderInChild(image.value, options, child, cancel);
    case ImageKind::kDocument:
      return service::ScanDocumentInChild(image.value, options, child, cancel);
    case ImageKind::kArchive: {
      const FileDescriptor file(::open(image.value.c_str(), O_RDONLY | O_CLOEXEC));
      if (!file) {
        return NotFound("cannot open image file " + image.value + ": " + std::strerror(errno));
      }
      return service::ScanArchiveInChild(file.get(), options, child, cancel);
    }
  }
  return Internal("image kind is unknown");
}

}  // namespace landwaiter::cli
