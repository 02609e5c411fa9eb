#include "scanner/service/scan_files.h"

#include <algorithm>
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
  auto files = ReadTar(source, image::kWantedFiles, layer_options, options, cancel);
  if (!files) return std::move(files).error();
  const auto merge = [&](const layer::LayerInventory& layer) {
    const layer::LayerInventory* const one[] = {&layer};
    return layer::MergeLayers(one, layer_options.sources, options.limits, options.declared);
  };
  auto merged = merge(*files);
  if (merged && !merged->unreached.empty()) {
    // Links give files names that their folder does not show: once more, with those names.
    for (const auto& path : merged->unreached) {
      layer_options.also_known_as.emplace(path.leads_to, path.path);
    }
    files = ReadTar(source, image::kAllFiles, layer_options, options, cancel);
    if (!files) return std::move(files).error();
    merged = merge(*files);
  }
  if (!merged) return std::move(merged).error();
  ImageInventory result{
      .digest = files->digest, .media_type = std::string(image::kWantedFiles), .platforms = {}};
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
