// Which system an image is, of all its files that may say so.
#include <algorithm>

#include "lib/base/text.h"
#include "scanner/packages/os_release.h"
#include "scanner/packages/release_files.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

bool NamesEdge(std::string_view repository) {
  const auto parts = text::Split(repository, '/');
  return std::find(parts.begin(), parts.end(), kEdgeVariant) != parts.end();
}

// True where every repository is of edge: an image that has been moved there keeps the os-release
// of the release that it came from until that package too is upgraded. A repository with a tag
// ("@edge https://…") only counts for packages that ask for it by name.
bool ReadsFromEdge(std::string_view repositories) {
  bool any = false;
  Lines lines(repositories);
  while (const auto line = lines.Next()) {
    const std::string_view repository = text::Trim(*line);
    if (repository.empty() || repository.starts_with('#') || repository.starts_with('@')) continue;
    if (!NamesEdge(repository)) return false;
    any = true;
  }
  return any;
}

void LookForEdge(const SystemFileLookup& look, OperatingSystem& os) {
  if (os.family != "alpine" || !os.variant.empty()) return;
  const auto* repositories = look(kApkRepositoriesPath);
  if (repositories != nullptr && *repositories && ReadsFromEdge(**repositories)) {
    os.variant = kEdgeVariant;
  }
}

// True where an os-release ends the search: it names a system, or cannot be read at all.
bool TakeOsRelease(const SystemFileLookup& look, SystemIdentity& identity) {
  for (const auto path : OsReleasePaths()) {
    const auto* content = look(path);
    if (content == nullptr) continue;
    if (!*content) {
      identity.fault = std::string(path) + " is too large, or was not read";
      return true;
    }
    auto os = ParseOsRelease(**content);
    if (os) {
      identity = {.os = *std::move(os), .path = std::string(path), .fault = ""};
      return true;
    }
    if (identity.fault.empty()) {
      identity.fault = std::string(path) + ": " + os.error().message;
    }
  }
  return false;
}

void TakeReleaseFile(const SystemFileLookup& look, SystemIdentity& identity) {
  for (const ReleaseFile& file : ReleaseFiles()) {
    const auto* content = look(file.path);
    if (content == nullptr || !*content) continue;
    auto os = file.read(**content);
    if (!os) continue;
    identity = {.os = std::move(os), .path = std::string(file.path), .fault = ""};
    return;
  }
}

}  // namespace

SystemIdentity IdentifySystem(const SystemFileLookup& look) {
  SystemIdentity identity;
  if (!TakeOsRelease(look, identity)) TakeReleaseFile(look, identity);
  if (identity.os) LookForEdge(look, *identity.os);
  return identity;
}

}  // namespace landwaiter::packages
