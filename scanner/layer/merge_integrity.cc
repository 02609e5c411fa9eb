#include "scanner/layer/merge_integrity.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "scanner/layer/file_hashes.h"
#include "scanner/packages/dpkg_settings.h"

namespace landwaiter::layer {
namespace {

using packages::FileRecord;
using packages::RecordKind;

constexpr std::string_view kDpkg = "dpkg";
constexpr std::string_view kRpm = "rpm";
// Sources of an operating system's packages whose records of files are read, and those that have
// them in a form that is not.
constexpr std::array<std::string_view, 3> kRecorded = {"apk", kDpkg, kRpm};
constexpr std::array<std::string_view, 4> kNotRead = {"chisel", "opkg", "pacman", "portage"};

template <std::size_t N>
bool Contains(const std::array<std::string_view, N>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

std::string Counted(std::size_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

// What all records together say of one path: a file may be in the records of several packages of
// which one has replaced it (dpkg keeps the old sums), and is right if it is one of theirs.
struct Verdict {
  bool matches = false;
  bool has_sum = false;  // some record has a checksum of it
  const FileRecord* changed = nullptr;
  const FileRecord* missing = nullptr;
  const FileRecord* listed = nullptr;
  const File* file = nullptr;
};

class IntegrityMerge {
 public:
  IntegrityMerge(const Tree& tree, MergedImage& image)
      : tree_(tree),
        image_(image),
        records_(std::move(image.records)),
        diversions_(ContentOf(packages::kDpkgDiversions)) {}

  std::string Run() {
    ReadExclusions();
    for (const auto& [source, records] : records_) {
      for (const FileRecord& record : records) Hold(record, source == kDpkg);
    }
    for (const auto& [path, verdict] : verdicts_) Tell(path, verdict);
    CountPackages();
    auto& out = image_.integrity;
    if (out.size() > kMaxIntegrity) {
      out.resize(kMaxIntegrity);
      Gap("more than " + std::to_string(kMaxIntegrity) +
          " files are not as their packages brought them");
    }
    return gaps_;
  }

 private:
  std::string ContentOf(std::string_view path) const {
    const auto place = tree_.Resolve(path, LastPart::kFollow);
    const bool there = place && place->node != nullptr && place->node->file != nullptr;
    return there ? place->node->file->content.value_or("") : std::string();
  }
  void ReadExclusions();
  void Hold(const FileRecord& record, bool dpkg);
  void Compare(const FileRecord& record, const std::string& path, const Place& place,
               Verdict& verdict);
  void Tell(const std::string& path, const Verdict& verdict);
  void CountPackages();
  void Gap(const std::string& what) { gaps_ += (gaps_.empty() ? "" : "; ") + what; }

  const Tree& tree_;
  MergedImage& image_;
  const std::map<std::string, std::vector<FileRecord>> records_;  // by source
  const packages::DpkgDiversions diversions_;
  packages::DpkgExclusions exclusions_;
  std::map<std::string, Verdict> verdicts_;  // by real path
  std::size_t without_sum_ = 0;
  std::string first_without_sum_;
  std::string gaps_;
};

void IntegrityMerge::ReadExclusions() {
  for (const auto& [path, node] : tree_.Files()) {
    const bool setting = path.starts_with(packages::kDpkgSettingsFolder);
    if (setting && node->file->content) exclusions_.Add(*node->file->content);
  }
  exclusions_.Add(ContentOf(packages::kDpkgSettings));
}

void IntegrityMerge::Hold(const FileRecord& record, bool dpkg) {
  const std::string path = dpkg ? diversions_.Of(record.path, record.package) : record.path;
  const auto place = tree_.Resolve(path, LastPart::kKeep);
  Verdict& verdict = verdicts_[place ? place->path : path];
  if (record.kind == RecordKind::kListed) {
    verdict.listed = &record;
    if (place && place->node != nullptr) verdict.file = place->node->file.get();
    return;
  }
  verdict.has_sum = verdict.has_sum || record.kind != RecordKind::kOtherHash;
  if (place && place->node != nullptr) return Compare(record, path, *place, verdict);
  if (dpkg && exclusions_.Excludes(path)) return;
  verdict.missing = &record;
}

void IntegrityMerge::Compare(const FileRecord& record, const std::string& path, const Place& place,
                             Verdict& verdict) {
  const Node* node = place.node;
  if (node->kind == Node::Kind::kSymlink) {
    // apk has the hash of what a link says; others speak of the file that it leads to.
    if (record.kind == RecordKind::kSha1 && Sha1Of(node->target) == record.digest) {
      verdict.matches = true;
      return;
    }
    const auto target = tree_.Resolve(path, LastPart::kFollow);
    node = target ? target->node : nullptr;
  }
  if (node == nullptr || node->file == nullptr) {
    verdict.missing = &record;
    return;
  }
  verdict.file = node->file.get();
  if (record.kind == RecordKind::kPresent) {
    verdict.matches = true;
    return;
  }
  const auto& hashes = node->file->hashes;
  if (record.kind == RecordKind::kOtherHash || !hashes) {
    verdict.listed = &record;
    verdict.has_sum = false;
    return;
  }
  const std::string& is = record.kind == RecordKind::kMd5    ? hashes->md5
                          : record.kind == RecordKind::kSha1 ? hashes->sha1
                                                             : hashes->sha256;
  if (is == record.digest) {
    verdict.matches = true;
  } else {
    verdict.changed = &record;
  }
}

void IntegrityMerge::Tell(const std::string& path, const Verdict& verdict) {
  if (verdict.matches) return;
  if (const FileRecord* record = verdict.changed) {
    image_.integrity.push_back({path, record->package, IntegrityFault::kChanged, record->config,
                                verdict.file == nullptr ? -1 : verdict.file->layer});
    return;
  }
  if (const FileRecord* record = verdict.missing) {
    image_.integrity.push_back({path, record->package, IntegrityFault::kMissing, record->config});
    return;
  }
  if (verdict.listed == nullptr || verdict.file == nullptr || verdict.has_sum) return;
  if (++without_sum_ == 1) first_without_sum_ = "/" + path + " (" + verdict.listed->package + ")";
}

// A package whose files nobody has recorded could have any.
void IntegrityMerge::CountPackages() {
  std::set<std::string_view> recorded;  // of dpkg, whose records are files beside its list
  if (const auto dpkg = records_.find(std::string(kDpkg)); dpkg != records_.end()) {
    for (const FileRecord& record : dpkg->second) {
      if (!record.config) recorded.insert(record.package);
    }
  }
  const bool rpm = records_.contains(std::string(kRpm));
  std::map<std::string, std::size_t> unread;  // source → packages
  std::size_t without = 0;
  std::string first;
  for (const Package& package : image_.packages) {
    if (Contains(kNotRead, package.found_by)) ++unread[package.found_by];
    if (!Contains(kRecorded, package.found_by)) continue;
    const bool has = package.found_by == kDpkg  ? recorded.contains(package.name)
                     : package.found_by == kRpm ? rpm
                                                : true;
    if (!has && ++without == 1) first = package.name;
  }
  for (const auto& [source, count] : unread) {
    Gap("the records that " + source + " has of the files of " +
        Counted(count, "package", "packages") + " are not read");
  }
  if (without > 0) {
    Gap(Counted(without, "package has", "packages have") +
        " no record of the files, the first is " + first);
  }
  if (without_sum_ > 0) {
    Gap(Counted(without_sum_, "file of a package has", "files of packages have") +
        " no checksum on record, the first is " + first_without_sum_);
  }
}

}  // namespace

std::string MergeIntegrity(const Tree& tree, MergedImage& image) {
  return IntegrityMerge(tree, image).Run();
}

}  // namespace landwaiter::layer
