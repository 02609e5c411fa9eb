#include "scanner/layer/merge.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <tuple>
#include <utility>

#include "lib/base/text.h"
#include "scanner/layer/hearsay.h"
#include "scanner/layer/merge_collected.h"
#include "scanner/layer/path.h"
#include "scanner/layer/stack.h"
#include "scanner/packages/os_release.h"
#include "scanner/packages/purl.h"
#include "scanner/packages/release_files.h"

namespace landwaiter::layer {
namespace {

using packages::FileReading;
using packages::PackageSource;
using packages::ReadingKind;
using packages::ReadingState;

constexpr std::string_view kOsCoverage = "os";
// The package sources that an operating system's own packages come from.
constexpr std::array<std::string_view, 7> kSystemSources = {"apk",    "chisel",  "dpkg", "opkg",
                                                            "pacman", "portage", "rpm"};

Result<Stack> StackUp(std::span<const LayerInventory* const> layers, const Limits& limits,
                      const std::set<std::string>& watched) {
  Stack stack(limits, watched);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (auto applied = stack.Apply(*layers[i], static_cast<int>(i)); !applied) {
      return std::move(applied).error().Context("layer " + std::to_string(i + 1));
    }
  }
  return stack;
}

const File* FileAt(const Tree& tree, std::string_view path) {
  const auto place = tree.Resolve(path, LastPart::kFollow);
  return place && place->node != nullptr ? place->node->file.get() : nullptr;
}

// A path that is looked for by name, and where links lead it. Those that no link leads elsewhere
// were shown to their source if they exist at all.
struct Lookup {
  std::string path;
  std::string leads_to;
  const PackageSource* source = nullptr;  // null: a system file
};

bool ShownUnderItsOwnName(const Lookup& lookup) {
  if (lookup.source == nullptr) return packages::IsSystemFile(lookup.leads_to);
  const packages::FileFacts facts{.path = lookup.leads_to, .mode = 0644, .size = 1};
  return lookup.source->wants(facts) != packages::Need::kNothing;
}

bool HasOsRelease(const Tree& tree) {
  const auto paths = packages::OsReleasePaths();
  return std::any_of(paths.begin(), paths.end(),
                     [&](std::string_view path) { return FileAt(tree, path) != nullptr; });
}

// Release files count only where there is no os-release; for them alone no image is read twice.
std::vector<Lookup> DivertedPaths(const Tree& tree, std::span<const PackageSource> sources) {
  std::vector<Lookup> lookups;
  const auto add = [&](std::string_view path, const PackageSource* source) {
    const auto place = tree.Resolve(path, LastPart::kFollow);
    if (!place || place->path == path) return;
    Lookup lookup{std::string(path), place->path, source};
    if (!ShownUnderItsOwnName(lookup)) lookups.push_back(std::move(lookup));
  };
  for (const auto& source : sources) {
    for (const auto path : source.well_known) add(path, &source);
  }
  const std::size_t before = lookups.size();
  for (const auto path : packages::OsReleasePaths()) add(path, nullptr);
  if (lookups.size() == before && !HasOsRelease(tree)) {
    for (const auto& file : packages::ReleaseFiles()) add(file.path, nullptr);
  }
  add(packages::kPasswdPath, nullptr);
  return lookups;
}

bool WasRead(const File& file, const Lookup& lookup) {
  if (lookup.source == nullptr) return file.content.has_value();
  return std::any_of(file.readings.begin(), file.readings.end(), [&](const FileReading& reading) {
    return reading.source == lookup.source->name;
  });
}

class Merger {
 public:
  Merger(Tree& tree, std::span<const PackageSource> sources, packages::Declared declared)
      : tree_(tree), sources_(sources), hearsay_(sources, declared) {}

  Result<MergedImage> Run(std::span<const LayerInventory* const> layers,
                          const std::vector<Lookup>& diverted,
                          const std::vector<std::pair<std::string, std::string>>& unread);

 private:
  void Collect(std::span<const LayerInventory* const> layers);
  void CollectFile(const std::string& path, const File& file);
  bool SpeaksOfLayer(const FileReading& reading) const;
  void CollectLayer(const LayerInventory& layer);
  void CheckDiverted(const std::vector<Lookup>& diverted);
  void CheckUnread(const std::vector<std::pair<std::string, std::string>>& unread);
  void Combine();
  void FindSystem();
  /// Takes them from the readings.
  Result<std::vector<Package>> Packages(const std::vector<packages::OwnedFile>& owned);
  std::vector<packages::OwnedFile> Owned() const;
  bool HasSystemPackages() const;
  void TakeRecords();
  std::optional<OperatingSystem> SystemOfDocument() const;

  Tree& tree_;
  std::span<const PackageSource> sources_;
  Hearsay hearsay_;
  std::vector<FileReading> readings_;   // of the files that survive, in path order
  std::set<std::string> repositories_;  // content sets of all layers
  std::optional<Coverage> system_coverage_;
  MergedImage image_;
};

bool Merger::SpeaksOfLayer(const FileReading& reading) const {
  return std::any_of(sources_.begin(), sources_.end(), [&](const PackageSource& source) {
    return source.name == reading.source && source.speaks_of == packages::SpeaksOf::kLayer;
  });
}

// Manifests that a layer has twice, or overwrites within itself, all count.
void Merger::CollectLayer(const LayerInventory& layer) {
  std::set<std::string> sets;
  for (const auto& file : layer.files) {
    for (const auto& reading : file.readings) {
      if (!SpeaksOfLayer(reading)) continue;
      sets.insert(reading.content_sets.begin(), reading.content_sets.end());
      readings_.push_back(reading);
      if (sets.size() + repositories_.size() <= kMaxContentSets) continue;
      readings_.back().state = ReadingState::kFailed;
      readings_.back().reason = reading.path + ": with it the layers name more than " +
                                std::to_string(kMaxContentSets) + " content sets";
      image_.content_sets.emplace_back();
      return;
    }
  }
  image_.content_sets.emplace_back(sets.begin(), sets.end());
  repositories_.merge(std::move(sets));
}

void Merger::CollectFile(const std::string& path, const File& file) {
  for (const auto& reading : file.readings) {
    if (SpeaksOfLayer(reading)) continue;
    if (reading.path != file.written_as) {  // shown under another name, which must still lead here
      if (FileAt(tree_, reading.path) == &file) readings_.push_back(reading);
      continue;
    }
    FileReading own = reading;
    for (auto& package : own.packages) {
      if (package.path == own.path) package.path = path;
    }
    own.path = path;
    readings_.push_back(std::move(own));
  }
}

void Merger::Collect(std::span<const LayerInventory* const> layers) {
  for (const auto* layer : layers) CollectLayer(*layer);
  std::set<const File*> seen;
  for (const auto& [path, node] : tree_.Files()) {
    const File& file = *node->file;
    if (!seen.insert(&file).second) continue;
    // The name it had first, where it still has it; else the first of those that are left.
    const Node* first = tree_.Find(file.path);
    const bool kept = first != nullptr && first->file.get() == &file;
    CollectFile(kept ? file.path : path, file);
  }
  std::stable_sort(readings_.begin(), readings_.end(),
                   [](const auto& a, const auto& b) { return a.path < b.path; });
}

void Merger::CheckDiverted(const std::vector<Lookup>& diverted) {
  for (const auto& lookup : diverted) {
    const File* file = FileAt(tree_, lookup.path);
    if (file == nullptr || WasRead(*file, lookup)) continue;
    image_.unreached.push_back({lookup.path, lookup.leads_to});
    if (lookup.source == nullptr) continue;
    readings_.push_back(packages::NotReached(*lookup.source, lookup.path, lookup.leads_to));
  }
}

void Merger::CheckUnread(const std::vector<std::pair<std::string, std::string>>& unread) {
  for (const auto& [path, target] : unread) {
    image_.unreached.push_back({path, target});
    const packages::FileFacts facts{.path = path, .mode = 0644, .size = 1};
    for (const auto& source : sources_) {
      if (source.wants(facts) == packages::Need::kNothing) continue;
      readings_.push_back(packages::NotReached(source, path, target));
    }
  }
}

// Packages that come of several files have the layer of the one that they are listed for.
void Merger::Combine() {
  image_.asked = packages::CombineReadings(sources_, readings_, [&](std::string_view path) {
    const auto place = tree_.Resolve(path, LastPart::kFollow);
    return place ? place->path : std::string(path);
  });
  for (auto& reading : readings_) {
    const File* const file = FileAt(tree_, reading.path);
    for (auto& package : reading.packages) {
      if (package.layer < 0 && file != nullptr) package.layer = file->layer;
    }
  }
}

bool Merger::HasSystemPackages() const {
  return std::any_of(readings_.begin(), readings_.end(), [&](const FileReading& reading) {
    return std::find(kSystemSources.begin(), kSystemSources.end(), reading.source) !=
           kSystemSources.end();
  });
}

// Of a document about packages that was asked for: the only one that there is.
std::optional<OperatingSystem> Merger::SystemOfDocument() const {
  const auto told = std::find_if(readings_.begin(), readings_.end(),
                                 [](const FileReading& reading) { return reading.os.has_value(); });
  return told == readings_.end() ? std::nullopt : told->os;
}

void Merger::FindSystem() {
  auto identity = packages::IdentifySystem([&](std::string_view path) {
    const File* file = FileAt(tree_, path);
    return file == nullptr ? nullptr : &file->content;
  });
  if (!identity.fault.empty()) {
    system_coverage_ = {std::string(kOsCoverage), CoverageState::kFailed, identity.fault};
  } else if (identity.os) {
    image_.os = std::move(identity.os);
    system_coverage_ = {std::string(kOsCoverage), CoverageState::kRead};
    if (!HasSystemPackages()) {
      system_coverage_->state = CoverageState::kUnsupported;
      system_coverage_->reason = identity.path + " says '" + image_.os->family +
                                 "', but no package database of a known kind was found";
    }
  } else if (const auto told = SystemOfDocument()) {
    image_.os = *told;
  } else if (HasSystemPackages()) {
    system_coverage_ = {std::string(kOsCoverage), CoverageState::kFailed,
                        "packages of an operating system are installed, but neither an os-release "
                        "nor a release file says which it is"};
  }
}

std::vector<packages::OwnedFile> Merger::Owned() const {
  std::vector<packages::OwnedFile> owned;
  for (const auto& reading : readings_) {
    for (const auto& file : reading.owned) {
      auto place = tree_.Resolve(file.path, LastPart::kKeep);
      owned.push_back({place ? place->path : file.path, file.package});
    }
  }
  return owned;
}

Result<std::vector<Package>> Merger::Packages(const std::vector<packages::OwnedFile>& owned) {
  std::size_t count = 0;
  for (const auto& reading : readings_) count += reading.packages.size();
  if (count > kMaxInventoryPackages) {
    return TooLarge("the number of packages", kMaxInventoryPackages, "");
  }
  std::vector<Package> found;
  found.reserve(count);
  for (auto& reading : readings_) {
    found.insert(found.end(), std::make_move_iterator(reading.packages.begin()),
                 std::make_move_iterator(reading.packages.end()));
    reading.packages = {};  // with their room
  }
  hearsay_.DropFoundOtherwise(found);
  for (auto& package : found) package.purl = packages::BuildPurl(package, image_.os);
  packages::AssignOwners(owned, found);
  const auto key = [](const Package& p) {
    return std::tie(p.type, p.name, p.version, p.path, p.within, p.architecture, p.layer);
  };
  std::sort(found.begin(), found.end(),
            [&](const Package& a, const Package& b) { return key(a) < key(b); });
  return found;
}

// A database that could not be read whole lacks records, too.
void Merger::TakeRecords() {
  for (FileReading& reading : readings_) {
    const bool system = std::find(kSystemSources.begin(), kSystemSources.end(), reading.source) !=
                        kSystemSources.end();
    const bool sound =
        reading.state == ReadingState::kRead || reading.state == ReadingState::kNotOurs;
    if (system && !sound && image_.records_fault.empty()) image_.records_fault = reading.reason;
    if (reading.records.empty()) continue;
    auto& records = image_.records[reading.source];
    records.insert(records.end(), std::make_move_iterator(reading.records.begin()),
                   std::make_move_iterator(reading.records.end()));
  }
}

Result<MergedImage> Merger::Run(std::span<const LayerInventory* const> layers,
                                const std::vector<Lookup>& diverted,
                                const std::vector<std::pair<std::string, std::string>>& unread) {
  Collect(layers);
  CheckDiverted(diverted);
  CheckUnread(unread);
  Combine();
  FindSystem();
  hearsay_.SortOut(readings_);
  const std::vector<packages::OwnedFile> owned = Owned();
  packages::YieldToOwners(owned, readings_);
  image_.coverage = packages::CombineCoverage(readings_);  // counts the packages, which then go
  auto packages = Packages(owned);
  if (!packages) return std::move(packages).error();
  image_.packages = *std::move(packages);
  hearsay_.AddHints(image_);
  if (system_coverage_) image_.coverage.push_back(*std::move(system_coverage_));
  std::sort(image_.coverage.begin(), image_.coverage.end(),
            [](const auto& a, const auto& b) { return a.source < b.source; });
  image_.repositories.assign(repositories_.begin(), repositories_.end());
  TakeRecords();
  if (const File* passwd = FileAt(tree_, packages::kPasswdPath)) image_.passwd = passwd->content;
  return std::move(image_);
}

}  // namespace

Result<MergedImage> MergeLayers(std::span<const LayerInventory* const> layers,
                                std::span<const PackageSource> sources, const Limits& limits,
                                packages::Declared declared, const Collected& collected) {
  auto stack = StackUp(layers, limits, {});
  if (!stack) return std::move(stack).error();
  const std::vector<Lookup> diverted = DivertedPaths(stack->tree(), sources);
  if (!diverted.empty()) {
    // Whether there is a file where these lead, only a second look can tell.
    std::set<std::string> watched;
    for (const auto& lookup : diverted) watched.insert(lookup.leads_to);
    stack = StackUp(layers, limits, watched);
    if (!stack) return std::move(stack).error();
  }
  auto image = Merger(stack->tree(), sources, declared).Run(layers, diverted, stack->unread());
  if (image && !collected.collection.empty()) {
    MergeCollected(*stack, layers, collected, *image);
  }
  return image;
}

}  // namespace landwaiter::layer
