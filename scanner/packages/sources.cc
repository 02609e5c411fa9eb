// The table of package sources, and what is said of all their readings together.
#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "lib/base/digest.h"
#include "lib/base/text.h"
#include "scanner/packages/locks/rows.h"
#include "scanner/packages/purl.h"
#include "scanner/packages/rows.h"
#include "scanner/packages/sbom/sbom.h"
#include "scanner/packages/source.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

// One image can have a million broken files; a reason is for a person to read.
constexpr std::size_t kMaxReasonsTold = 3;

std::vector<PackageSource> MakeTable() {
  // One row a line.
  // clang-format off
  std::vector<PackageSource> table = {
      ApkSource(),
      BinariesSource(),
      ChiselSource(),
      CondaSource(),
      ContentSetsSource(),
      DartSource(),
      DotnetSource(),
      DpkgSource(),
      ErlangSource(),
      GoSource(),
      JavaSource(),
      LuaSource(),
      NpmSource(),
      OpkgSource(),
      PacmanSource(),
      PhpSource(),
      PortageSource(),
      PythonSource(),
      RSource(),
      RpmSource(),
      RubySource(),
      RustSource(),
      SbomSource(),
      SwiftSource(),
  };
  // clang-format on
  const auto locks = LockSources();
  table.insert(table.end(), locks.begin(), locks.end());
  const auto unread = UnreadSources();
  table.insert(table.end(), unread.begin(), unread.end());
  std::sort(table.begin(), table.end(),
            [](const PackageSource& a, const PackageSource& b) { return a.name < b.name; });
  return table;
}

struct SourceReadings {
  std::uint64_t packages = 0;
  std::uint64_t left_out = 0;
  std::uint64_t development = 0;
  bool only_ownership = true;
  std::vector<std::pair<std::string_view, std::string_view>> failed;  // path, reason
  std::vector<std::pair<std::string_view, std::string_view>> unsupported;
  std::vector<std::pair<std::string_view, std::string_view>> notes;
};

std::string Reasons(std::vector<std::pair<std::string_view, std::string_view>> reasons) {
  std::sort(reasons.begin(), reasons.end());
  std::string text;
  for (std::size_t i = 0; i < std::min(reasons.size(), kMaxReasonsTold); ++i) {
    if (i > 0) text += "; ";
    text += reasons[i].second;
  }
  if (reasons.size() > kMaxReasonsTold) {
    text += "; and " + std::to_string(reasons.size() - kMaxReasonsTold) + " more";
  }
  return text;
}

std::string LeftOut(const SourceReadings& readings) {
  std::string text;
  if (readings.left_out > 0) {
    text = std::to_string(readings.left_out) + " without a published version left out";
  }
  if (readings.development > 0) {
    if (!text.empty()) text += ", ";
    text += std::to_string(readings.development) + " for development left out";
  }
  if (!readings.notes.empty()) {
    if (!text.empty()) text += "; ";
    text += Reasons(readings.notes);
  }
  return text;
}

Coverage CoverageOf(const std::string& source, const SourceReadings& readings) {
  Coverage coverage{.source = source, .packages = readings.packages};
  if (!readings.failed.empty()) {
    coverage.state = CoverageState::kFailed;
    coverage.reason = Reasons(readings.failed);
  } else if (!readings.unsupported.empty()) {
    coverage.state = CoverageState::kUnsupported;
    coverage.reason = Reasons(readings.unsupported);
  } else if (readings.only_ownership) {
    coverage.state = CoverageState::kFailed;
    coverage.reason = "lists of package files are there, but the package database is not";
  } else {
    coverage.reason = LeftOut(readings);
  }
  return coverage;
}

}  // namespace

std::span<const PackageSource> AllSources() {
  static const std::vector<PackageSource> kTable = MakeTable();
  return kTable;
}

const std::string& SourceVersions() {
  static const std::string kVersions = [] {
    std::string text;
    for (const PackageSource& source : AllSources()) {
      if (!text.empty()) text += ',';
      text += std::string(source.name) + "=" + std::to_string(source.version);
    }
    return text;
  }();
  return kVersions;
}

const std::string& ReadersId() {
  constexpr std::size_t kDigits = 16;
  static const std::string kId(Sha256::Of(SourceVersions()).Hex().substr(0, kDigits));
  return kId;
}

std::vector<AskedFile> CombineReadings(std::span<const PackageSource> sources,
                                       std::vector<FileReading>& readings,
                                       const RealPath& real_path) {
  const RealPath itself = [](std::string_view path) { return std::string(path); };
  std::vector<AskedFile> asked;
  const auto by_path = [](const FileReading& a, const FileReading& b) { return a.path < b.path; };
  for (const PackageSource& source : sources) {
    if (source.combine == nullptr) continue;
    const auto others = [&](const FileReading& reading) { return reading.source != source.name; };
    const auto first = std::stable_partition(readings.begin(), readings.end(), others);
    std::vector<FileReading> own(std::make_move_iterator(first),
                                 std::make_move_iterator(readings.end()));
    readings.erase(first, readings.end());
    for (std::string& path : source.combine(own, real_path ? real_path : itself)) {
      asked.push_back({std::string(source.name), std::move(path)});
    }
    readings.insert(readings.end(), std::make_move_iterator(own.begin()),
                    std::make_move_iterator(own.end()));
    std::stable_sort(readings.begin(), readings.end(), by_path);
  }
  return asked;
}

FileReading ExceedsLimit(const PackageSource& source, const FileFacts& facts,
                         std::uint64_t limit_bytes) {
  ReadingBuilder out(source, facts, ReadingKind::kDatabase);
  out.Fail("has " + std::to_string(facts.size) + " bytes, the limit is " +
           std::to_string(limit_bytes));
  return out.Take();
}

FileReading NotReached(const PackageSource& source, std::string_view path,
                       std::string_view leads_to) {
  ReadingBuilder out(source.name, path, ReadingKind::kDatabase);
  out.Fail("leads to " + text::Truncate(text::Printable(leads_to), 256) +
           ", where this version does not look for it");
  return out.Take();
}

std::vector<Coverage> CombineCoverage(std::span<const FileReading> surviving) {
  std::map<std::string, SourceReadings> by_source;
  for (const FileReading& reading : surviving) {
    if (reading.state == ReadingState::kNotOurs) continue;
    SourceReadings& readings = by_source[reading.source];
    readings.packages += reading.packages.size();
    readings.left_out += reading.left_out;
    readings.development += reading.development_left_out;
    if (reading.kind != ReadingKind::kOwnership) readings.only_ownership = false;
    if (reading.state == ReadingState::kFailed) {
      readings.failed.emplace_back(reading.path, reading.reason);
    } else if (reading.state == ReadingState::kUnsupported) {
      readings.unsupported.emplace_back(reading.path, reading.reason);
    } else if (!reading.reason.empty()) {
      readings.notes.emplace_back(reading.path, reading.reason);
    }
  }
  std::vector<Coverage> coverage;
  coverage.reserve(by_source.size());
  for (const auto& [source, readings] : by_source) {
    coverage.push_back(CoverageOf(source, readings));
  }
  return coverage;
}

void YieldToOwners(std::span<const OwnedFile> owned, std::vector<FileReading>& readings) {
  std::set<std::string_view> yielding;
  for (const PackageSource& source : AllSources()) {
    if (source.yields_to_owner) yielding.insert(source.name);
  }
  std::unordered_set<std::string_view> paths;
  for (const FileReading& reading : readings) {
    if (yielding.contains(reading.source)) paths.insert(reading.path);
  }
  if (paths.empty()) return;
  std::set<std::string, std::less<>> taken;
  for (const OwnedFile& file : owned) {
    if (paths.contains(file.path)) taken.insert(file.path);
  }
  std::erase_if(readings, [&](const FileReading& reading) {
    return yielding.contains(reading.source) && taken.contains(reading.path);
  });
}

void AssignOwners(std::span<const OwnedFile> owned, std::vector<Package>& packages) {
  std::unordered_map<std::string_view, std::string_view> owner_of;
  owner_of.reserve(owned.size());
  for (const OwnedFile& file : owned) owner_of.emplace(file.path, file.package);
  for (Package& package : packages) {
    if (IsSystemType(package.type)) continue;
    const auto owner = owner_of.find(package.path);
    if (owner != owner_of.end()) package.owner = owner->second;
  }
}

}  // namespace landwaiter::packages
