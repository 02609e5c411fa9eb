// opkg's database: one status file in Debian's form (opkg's pkg_parse.c), usr/lib/opkg/status in
// OpenWrt, var/lib/opkg/status in OpenEmbedded, opt/lib/opkg/status in Entware; info/NAME.list
// beside it says which files belong to a package.
//
// A package counts as installed where its files are on the disk, whatever is wanted of it. The
// status file names no source package: `Source`, where a build writes it at all, is the path of a
// recipe or the address of an archive. OpenWrt's releases from 25.12 on use apk.
#include <algorithm>
#include <array>

#include "lib/base/text.h"
#include "scanner/packages/control.h"
#include "scanner/packages/rows.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kName = "opkg";
// A stanza has some 300 bytes; OpenWrt's whole feed of 10,000 packages would make 3 MB.
constexpr std::uint64_t kMaxStatusBytes = 16u << 20;

constexpr std::array<std::string_view, 3> kStatusPaths = {
    "usr/lib/opkg/status", "var/lib/opkg/status", "opt/lib/opkg/status"};
// States in which a package's files stand on the disk (opkg's pkg.h, pkg_state_status_t).
constexpr std::array<std::string_view, 5> kOnDisk = {"installed", "unpacked", "half-configured",
                                                     "post-inst-failed", "removal-failed"};

template <std::size_t N>
bool Contains(const std::array<std::string_view, N>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

enum class File { kOther, kStatus, kList };

File Classify(std::string_view path) {
  if (Contains(kStatusPaths, path)) return File::kStatus;
  if (!path.ends_with(".list")) return File::kOther;
  const std::string_view info = DirName(path);
  if (BaseName(info) != "info") return File::kOther;
  const std::string status = std::string(DirName(info)) + "/status";
  return Contains(kStatusPaths, status) ? File::kList : File::kOther;
}

Need Wants(const FileFacts& facts) {
  return Classify(facts.path) == File::kOther ? Need::kNothing : Need::kContent;
}

enum Field : std::size_t { kPackage, kVersion, kArchitecture, kStatus };
constexpr std::array<std::string_view, 4> kFields = {"Package", "Version", "Architecture",
                                                     "Status"};

bool IsInstalled(std::string_view status) {
  return status.empty() || Contains(kOnDisk, text::Split(status, ' ').back());
}

void AddPackage(const ControlStanza& stanza, ReadingBuilder& out) {
  const auto& values = stanza.values;
  if (values[kPackage].empty()) {
    out.FailAtLine(stanza.line, "starts a stanza without Package");
    return;
  }
  // The status comes behind the version: a stanza that breaks off is of an unknown state.
  if (!stanza.closed && values[kStatus].empty()) {
    out.FailAtLine(stanza.line, "starts the stanza of " + FreeText(values[kPackage]) +
                                    ", which ends without Status and empty line");
  }
  if (!IsInstalled(values[kStatus])) return;
  if (values[kVersion].empty()) {
    out.FailAtLine(stanza.line,
                   "starts the stanza of " + FreeText(values[kPackage]) + ", which has no Version");
    return;
  }
  Package package{.type = "opkg",
                  .name = std::string(values[kPackage]),
                  .version = std::string(values[kVersion])};
  package.architecture = FreeText(values[kArchitecture]);
  package.source_name = package.name;
  package.source_version = package.version;
  out.Add(std::move(package));
}

// One absolute path a line; opkg's builds behind a prefix (Entware) write it as it is on the disk.
// A tab and what follows it are the file's mode and the target of a link.
void ParseOwned(std::string_view path, std::string_view bytes, ReadingBuilder& out) {
  std::string_view package = BaseName(path);
  package.remove_suffix(std::string_view(".list").size());
  Lines lines(bytes);
  while (const auto line = lines.Next()) {
    const std::string_view file = line->substr(0, line->find('\t'));
    if (!file.empty() && !out.AddOwned(file, package)) return;
  }
}

FileReading Parse(const FileFacts& facts, const FileContent& content) {
  if (Classify(facts.path) == File::kList) {
    ReadingBuilder out(kName, facts.path, ReadingKind::kOwnership);
    ParseOwned(facts.path, content.bytes, out);
    return out.Take();
  }
  ReadingBuilder out(kName, facts.path, ReadingKind::kDatabase);
  ControlReader reader(content.bytes, kFields, out);
  while (const auto stanza = reader.Next()) AddPackage(*stanza, out);
  return out.Take();
}

}  // namespace

PackageSource OpkgSource() {
  return {.name = kName,
          .version = 2,
          .max_bytes = kMaxStatusBytes,
          .wants = Wants,
          .wants_head = nullptr,
          .parse = Parse,
          .well_known = kStatusPaths};
}

}  // namespace landwaiter::packages
