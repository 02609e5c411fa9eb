// dpkg's database: var/lib/dpkg/status and, in distroless images, one file a package in
// var/lib/dpkg/status.d/ (deb-control(5), dpkg-query(1) "Status"). info/NAME.list,
// info/NAME.md5sums and status.d/NAME.md5sums say which files belong to a package; slimmed images
// keep one or another.
//
// A package counts as installed where its files are on the disk: states installed, unpacked,
// half-configured, triggers-awaited, triggers-pending, whatever is wanted of it; and where no state
// is written at all, as in status.d.
//
// Who built a package is told by its Origin or Vendor (deb-control(5) "Origin"; fpm writes Vendor),
// which the distributions' own do not have, and by the Maintainer of those who publish packages
// under the distributions' names (pitfall 72). Anybody may maintain a package of Debian's under an
// address of his own, so that an unknown Maintainer tells nothing. Not handled: dpkg's journal
// (var/lib/dpkg/updates), which dpkg folds into status before it ends.
#include <algorithm>
#include <array>

#include "lib/base/text.h"
#include "scanner/packages/control.h"
#include "scanner/packages/rows.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kName = "dpkg";
// 3,000 packages make 3 MB; this is twenty times that.
constexpr std::uint64_t kMaxStatusBytes = 64u << 20;

constexpr std::array<std::string_view, 2> kStatusPaths = {"var/lib/dpkg/status",
                                                          "usr/lib/dpkg/status"};
constexpr std::array<std::string_view, 2> kStatusFolders = {"var/lib/dpkg/status.d",
                                                            "usr/lib/dpkg/status.d"};
constexpr std::array<std::string_view, 2> kInfoFolders = {"var/lib/dpkg/info", "usr/lib/dpkg/info"};
constexpr std::array<std::string_view, 1> kWellKnown = {"var/lib/dpkg/status"};
constexpr std::array<std::string_view, 5> kOnDisk = {"installed", "unpacked", "half-configured",
                                                     "triggers-awaited", "triggers-pending"};
// Siblings of the records in status.d.
constexpr std::array<std::string_view, 7> kNoRecords = {
    ".md5sums", ".preinst", ".postinst", ".prerm", ".postrm", ".conffiles", ".list"};

// Addresses of those who publish packages that the distributions have, too, under the same names.
struct Builder {
  std::string_view address;  // the end of the Maintainer's address
  std::string_view name;
};
constexpr std::array<Builder, 11> kBuilders = {{{"support@docker.com", "Docker"},
                                                {"help@containerd.io", "Docker"},
                                                {"@nodesource.com", "NodeSource"},
                                                {"@nginx.com", "NGINX"},
                                                {"nginx-packaging@f5.com", "NGINX"},
                                                {"@hashicorp.com", "HashiCorp"},
                                                {"mysql-build@oss.oracle.com", "MySQL"},
                                                {"@elastic.co", "Elastic"},
                                                {"contact@grafana.com", "Grafana"},
                                                {"contact@influxdata.com", "InfluxData"},
                                                {"rabbitmq-core@groups.vmware.com", "RabbitMQ"}}};

template <std::size_t N>
bool Contains(const std::array<std::string_view, N>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

enum class File { kOther, kStatus, kRecord, kList, kSums };

File Classify(std::string_view path) {
  if (!path.starts_with("var/lib/dpkg/") && !path.starts_with("usr/lib/dpkg/")) return File::kOther;
  if (Contains(kStatusPaths, path)) return File::kStatus;
  const std::string_view folder = DirName(path);
  const bool info = Contains(kInfoFolders, folder);
  if (!info && !Contains(kStatusFolders, folder)) return File::kOther;
  if (path.ends_with(".md5sums")) return File::kSums;
  if (info) return path.ends_with(".list") ? File::kList : File::kOther;
  const bool sibling = std::any_of(kNoRecords.begin(), kNoRecords.end(),
                                   [&](std::string_view end) { return path.ends_with(end); });
  return sibling ? File::kOther : File::kRecord;
}

Need Wants(const FileFacts& facts) {
  return Classify(facts.path) == File::kOther ? Need::kNothing : Need::kContent;
}

enum Field : std::size_t {
  kPackage,
  kVersion,
  kArchitecture,
  kSource,
  kStatus,
  kMaintainer,
  kOrigin,
  kVendor
};
constexpr std::array<std::string_view, 8> kFields = {
    "Package", "Version", "Architecture", "Source", "Status", "Maintainer", "Origin", "Vendor"};

// "" where nothing tells that it is not the distribution.
std::string BuilderOf(const ControlStanza& stanza) {
  for (const Field field : {kOrigin, kVendor}) {
    const std::string_view word = stanza.values[field];
    // fpm's word for nobody.
    if (!word.empty() && word != "none") return FreeText(word);
  }
  std::string_view address = stanza.values[kMaintainer];
  address = address.substr(address.rfind('<') + 1);  // npos + 1 is 0
  address = address.substr(0, address.find('>'));
  const std::string lower = text::ToLower(address);
  const auto builder = std::find_if(kBuilders.begin(), kBuilders.end(), [&](const Builder& one) {
    return lower.ends_with(one.address);
  });
  return builder == kBuilders.end() ? std::string() : std::string(builder->name);
}

bool IsInstalled(std::string_view status) {
  if (status.empty()) return true;
  return Contains(kOnDisk, text::Split(status, ' ').back());
}

// "name" or "name (version)".
void SetSource(std::string_view source, Package& package) {
  package.source_name = package.name;
  package.source_version = package.version;
  if (source.empty()) return;
  const auto open = source.find('(');
  package.source_name = text::Trim(source.substr(0, open));
  if (open == std::string_view::npos) return;
  const auto close = source.find(')', open);
  const std::string_view version = text::Trim(source.substr(open + 1, close - open - 1));
  if (!version.empty()) package.source_version = version;
}

void AddPackage(const ControlStanza& stanza, ReadingBuilder& out) {
  const auto& values = stanza.values;
  if (values[kPackage].empty()) {
    out.FailAtLine(stanza.line, "starts a stanza without Package");
    return;
  }
  const bool installed = IsInstalled(values[kStatus]);
  if (values[kVersion].empty()) {
    // A package that was never installed is written with its name alone. At the end of the file
    // it may as well be one that breaks off.
    const bool never_installed = values[kStatus].empty() ? stanza.closed : !installed;
    if (!never_installed) {
      out.FailAtLine(stanza.line, "starts the stanza of " + FreeText(values[kPackage]) +
                                      ", which has no Version");
    }
    return;
  }
  if (!installed) return;
  Package package{.type = "deb",
                  .name = std::string(values[kPackage]),
                  .version = std::string(values[kVersion])};
  package.architecture = FreeText(values[kArchitecture]);
  package.vendor = BuilderOf(stanza);
  SetSource(values[kSource], package);
  if (!values[kSource].empty() && (!IsName(package.source_name, kMaxNameBytes) ||
                                   !IsName(package.source_version, kMaxVersionBytes))) {
    out.FailAtLine(stanza.line, "starts the stanza of " + FreeText(values[kPackage]) +
                                    ", whose Source cannot be read");
    return;
  }
  out.Add(std::move(package));
}

void ParseStatus(std::string_view content, ReadingBuilder& out) {
  ControlReader reader(content, kFields, out);
  while (const auto stanza = reader.Next()) AddPackage(*stanza, out);
}

// One line of a .list or of md5sums as a record.
FileRecord RecordOf(std::string_view line, bool sums, std::string_view package) {
  FileRecord record{.path = std::string(line), .package = std::string(package)};
  if (!sums) return record;
  const std::size_t blank = std::min(line.find(' '), line.size());
  record.path = std::string(text::Trim(line.substr(blank)));
  auto bytes = BytesOfHex(line.substr(0, blank));
  record.kind = bytes && bytes->size() == 16 ? RecordKind::kMd5 : RecordKind::kOtherHash;
  if (record.kind == RecordKind::kMd5) record.digest = *std::move(bytes);
  return record;
}

// "Conffiles:", and a line for each: " /path md5sum [obsolete]". What the package no longer has, or
// has never put there ("newconffile"), is none of its files.
void ParseConffiles(std::string_view content, ReadingBuilder& out) {
  Lines lines(content);
  std::string package;
  bool installed = true;
  bool conffiles = false;
  while (const auto line = lines.Next()) {
    if (line->empty()) {
      package.clear();
      installed = true;
    }
    const bool goes_on = line->starts_with(' ') || line->starts_with('\t');
    if (!goes_on) {
      conffiles = line->starts_with("Conffiles:");
      if (line->starts_with("Package:")) package = text::Trim(line->substr(8));
      if (line->starts_with("Status:")) installed = IsInstalled(text::Trim(line->substr(7)));
      continue;
    }
    if (!conffiles || !installed || package.empty()) continue;
    const auto words = text::Split(text::Trim(*line), ' ');
    if (words.size() != 2) continue;  // obsolete, remove-on-upgrade
    auto bytes = BytesOfHex(words[1]);
    if (!bytes || bytes->size() != 16) continue;
    if (!out.AddRecord({.path = std::string(words[0]),
                        .package = package,
                        .kind = RecordKind::kMd5,
                        .digest = *std::move(bytes),
                        .config = true})) {
      return;
    }
  }
}

// NAME[:ARCH].list: one absolute path a line; NAME[:ARCH].md5sums: "digest  path".
void ParseOwned(std::string_view path, bool sums, const FileContent& content, ReadingBuilder& out) {
  std::string_view package = BaseName(path);
  package = package.substr(0, package.rfind('.'));
  package = package.substr(0, package.find(':'));
  Lines lines(content.bytes);
  while (auto line = lines.Next()) {
    const bool named = !line->empty() && content.records;
    if (named && !out.AddRecord(RecordOf(*line, sums, package))) return;
    if (sums) line = text::Trim(line->substr(std::min(line->find(' '), line->size())));
    if (!line->empty() && !out.AddOwned(*line, package)) return;
  }
}

FileReading Parse(const FileFacts& facts, const FileContent& content) {
  const File file = Classify(facts.path);
  if (file == File::kList || file == File::kSums) {
    ReadingBuilder out(kName, facts.path, ReadingKind::kOwnership);
    ParseOwned(facts.path, file == File::kSums, content, out);
    return out.Take();
  }
  ReadingBuilder out(kName, facts.path,
                     file == File::kStatus ? ReadingKind::kDatabase : ReadingKind::kRecord);
  ParseStatus(content.bytes, out);
  if (content.records) ParseConffiles(content.bytes, out);
  FileReading reading = out.Take();
  if (file == File::kRecord && reading.packages.empty() && reading.state == ReadingState::kRead) {
    reading.state = ReadingState::kFailed;
    reading.reason = reading.path + ": holds no package";
  }
  return reading;
}

}  // namespace

PackageSource DpkgSource() {
  return {.name = kName,
          .version = 3,
          .max_bytes = kMaxStatusBytes,
          .wants = Wants,
          .wants_head = nullptr,
          .parse = Parse,
          .well_known = kWellKnown};
}

}  // namespace landwaiter::packages
