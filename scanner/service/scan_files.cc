#include "scanner/service/scan_files.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "lib/base/text.h"
#include "scanner/image/folder.h"
#include "scanner/layer/merge.h"
#include "scanner/layer/scan_layer.h"
#include "scanner/packages/os_release.h"
#include "scanner/packages/sbom/sbom.h"
#include "scanner/packages/source.h"

namespace landwaiter::service {
namespace {

constexpr std::string_view kFolderCoverage = "folder";
// Files that others name, and that nobody would have read by their own names: projects have a few.
constexpr std::size_t kMaxAskedFiles = 100;
// Each pass after the first reads what the one before asked for: lists that include lists that
// include lists are two more.
constexpr int kMaxPasses = 8;

Result<layer::LayerInventory> ReadTar(image::ImageSource& source, std::string_view media_type,
                                      const layer::LayerOptions& layer_options,
                                      const ScanOptions& options, const Cancellation& cancel) {
  // Nobody knows its digest yet; the source does not ask.
  auto blob = source.Blob({.media_type = std::string(media_type), .digest = Sha256::Of("")});
  if (!blob) return std::move(blob).error();
  layer::Budget budget(options.limits);
  ScanProgress progress;
  const layer::ReadBytes read = [&](char* buffer, std::size_t size) {
    auto count = (*blob)->Read(buffer, size);
    if (count) progress.bytes_received += *count;
    return count;
  };
  return layer::ScanTar(read, layer_options, budget, cancel);
}

std::string MediaTypeFor(const layer::LayerOptions& options) {
  if (!options.also_known_as.empty()) return std::string(image::kAllFiles);
  std::set<std::string> paths;
  for (const auto& [path, source] : options.asked_for) paths.insert(path);
  return image::WantedFilesAnd(paths);
}

template <class Map>
bool Note(const std::string& key, const std::string& value, Map& map) {
  const auto known = map.equal_range(key);
  const bool is_new = std::none_of(known.first, known.second,
                                   [&](const auto& entry) { return entry.second == value; });
  if (is_new) map.emplace(key, value);
  return is_new;
}

// True where another pass could find more: links give files names that their folder does not show,
// and files name others. What was asked for once and is still missing is not there.
bool AsksForMore(const layer::MergedImage& merged, layer::LayerOptions& options) {
  bool more = false;
  if (options.also_known_as.empty()) {
    for (const auto& path : merged.unreached) {
      more |= Note(path.leads_to, path.path, options.also_known_as);
    }
  }
  for (const auto& file : merged.asked) {
    if (options.asked_for.size() >= kMaxAskedFiles) break;
    more |= Note(file.path, file.source, options.asked_for);
  }
  return more;
}

bool IsWanted(const image::FolderFile& file) {
  if (packages::IsSystemFile(file.path)) return true;
  const packages::FileFacts facts{
      .path = file.path, .mode = file.mode, .uid = file.uid, .gid = file.gid, .size = file.size};
  const auto sources = packages::AllSources();
  return std::any_of(sources.begin(), sources.end(), [&](const packages::PackageSource& source) {
    return source.wants(facts) != packages::Need::kNothing;
  });
}

Coverage CoverageOf(const image::FolderReport& report) {
  Coverage line{.source = std::string(kFolderCoverage)};
  line.reason =
      std::to_string(report.taken) + " of " + std::to_string(report.files) + " files looked at";
  if (report.links_out > 0) {
    line.reason += "; links that lead out of the folder were not followed: " +
                   text::Join(report.links_out_examples, ", ");
    const std::uint64_t more = report.links_out - report.links_out_examples.size();
    if (more > 0) line.reason += " and " + std::to_string(more) + " more";
  }
  if (report.unread == 0) return line;
  line.state = CoverageState::kFailed;
  line.reason += "; " + std::to_string(report.unread) +
                 " could not be read: " + text::Join(report.unread_examples, "; ");
  if (report.unread > report.unread_examples.size()) line.reason += "; and more";
  return line;
}

}  // namespace

Result<ImageInventory> ScanFiles(image::ImageSource& source, const ScanOptions& options,
                                 const Cancellation& cancel) {
  layer::LayerOptions layer_options;
  const packages::PackageSource document[] = {packages::SbomDocumentSource()};
  if (options.subject == Subject::kDocument) layer_options.sources = document;
  if (!options.scratch_fds.empty()) layer_options.scratch_fd = options.scratch_fds.front();
  std::optional<layer::LayerInventory> files;
  std::optional<layer::MergedImage> merged;
  for (int pass = 0; pass == 0 || (pass < kMaxPasses && AsksForMore(*merged, layer_options));
       ++pass) {
    auto read = ReadTar(source, MediaTypeFor(layer_options), layer_options, options, cancel);
    if (!read) return std::move(read).error();
    files = *std::move(read);
    const layer::LayerInventory* const one[] = {&*files};
    auto found = layer::MergeLayers(one, layer_options.sources, options.limits, options.declared);
    if (!found) return std::move(found).error();
    merged = *std::move(found);
  }
  ImageInventory result{
      .digest = files->digest, .media_type = std::string(image::kWantedFiles), .platforms = {}};
  result.readers = packages::ReadersId();
  Inventory& inventory = result.platforms.emplace_back();
  if (!options.platforms.empty()) inventory.platform = options.platforms.front();
  inventory.manifest_digest = inventory.image_id = files->digest;
  inventory.size_bytes = files->size_bytes;
  inventory.layers.push_back({.digest = files->digest,
                              .diff_id = files->diff_id,
                              .media_type = result.media_type,
                              .size_bytes = files->size_bytes});
  inventory.os = std::move(merged->os);
  inventory.packages = std::move(merged->packages);
  inventory.hints = std::move(merged->hints);
  inventory.coverage = std::move(merged->coverage);
  return result;
}

Result<ImageInventory> ScanFolderInChild(const std::string& path, ScanOptions options,
                                         const ChildOptions& child, const Cancellation& cancel) {
  auto folder = image::FolderSource::Open(path, IsWanted);
  if (!folder) return std::move(folder).error();
  options.subject = Subject::kFiles;
  options.layers_at_once = 1;
  auto inventory = ScanInChild(**folder, options, child, cancel);
  if (!inventory) return inventory;
  for (Inventory& platform : inventory->platforms) {
    platform.coverage.push_back(CoverageOf((*folder)->report()));
    std::sort(platform.coverage.begin(), platform.coverage.end(),
              [](const Coverage& a, const Coverage& b) { return a.source < b.source; });
  }
  return inventory;
}

Result<ImageInventory> ScanDocumentInChild(const std::string& path, ScanOptions options,
                                           const ChildOptions& child, const Cancellation& cancel) {
  auto file = image::FileSource::Open(path);
  if (!file) return std::move(file).error();
  options.subject = Subject::kDocument;
  options.layers_at_once = 1;
  return ScanInChild(**file, options, child, cancel);
}

}  // namespace landwaiter::service
