// Package.resolved (Swift Package Manager, PinsStore; versions 1 to 3): "pins" with a location and
// a state. A branch or a commit is no published version.
#include "scanner/packages/locks/lock.h"
#include "scanner/packages/locks/records.h"
#include "scanner/packages/locks/rows.h"
#include "scanner/packages/swift_location.h"

namespace landwaiter::packages {
namespace {

bool IsFile(std::string_view path) { return BaseName(path) == "Package.resolved"; }

// In version 1 below "object".
bool IsPin(const JsonPath& path) {
  if (path.empty() || !path.back().empty()) return false;
  return (path.size() == 2 && path[0] == "pins") ||
         (path.size() == 3 && path[0] == "object" && path[1] == "pins");
}

void AddPin(const Record& pin, LockBuilder& out) {
  const std::string_view kind = pin["kind"];
  if (kind == "localSourceControl" || kind == "fileSystem") return out.LeaveOut();
  if (pin["state/version"].empty()) return out.LeaveOut();
  std::string_view location = pin["location"];
  if (location.empty()) location = pin["repositoryURL"];
  // A registry's packages have an identity alone.
  if (location.empty()) location = pin["identity"];
  out.Add(NameOfSwiftLocation(location), std::string(pin["state/version"]));
}

void Read(std::string_view bytes, LockBuilder& out) {
  RecordVisitor visitor(IsPin, {"kind", "identity", "location", "repositoryURL", "state/version"},
                        [&](const Record& pin) { AddPin(pin, out); }, {"version"});
  if (auto read = StreamJson(bytes, visitor); !read) {
    out.Fail(read.error().message);
  } else if (!visitor.is_object()) {
    out.Fail("is no JSON object");
  }
  const std::string_view version = visitor.Top("version").value_or(std::string_view());
  const bool known = version == "1" || version == "2" || version == "3";
  if (!known) out.FailUnknownVersion("version", version);
}

constexpr LockFormat kFormat = {
    .name = "swift-resolved", .type = "swift", .version = 2, .is_file = IsFile, .read = Read};

}  // namespace

PackageSource SwiftResolvedSource() { return LockSource<kFormat>(); }

}  // namespace landwaiter::packages
