#include "scanner/service/scan_in_child.h"

#include <algorithm>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "model/inventory_codec.h"
#include "model/scan_request.h"
#include "scanner/packages/source.h"
#include "scanner/service/blob_server.h"
#include "scanner/service/child_run.h"
#include "scanner/service/layer_cache.h"
#include "scanner/service/layer_jobs.h"
#include "scanner/service/malware_channel.h"

namespace landwaiter::service {
namespace {

// Room for the inventory and for files that are spooled whole.
constexpr std::uint64_t kMinFileBytes = 1ull << 30;

// The source of a scan whose child has the archive in its own hands.
class NoSource final : public image::ImageSource {
 public:
  std::string Name() const override { return "archive"; }
  Result<image::RawManifest> Manifest(const std::optional<Digest>& /*digest*/) override {
    return Refuse();
  }
  Result<std::unique_ptr<image::BlobReader>> Blob(const image::Descriptor& /*blob*/) override {
    return Refuse();
  }

 private:
  static Error Refuse() { return ScannerFailed("the archive's scan has no other source"); }
};

// What an image's name means is asked for once, for the cache's key, and given to the child as it
// came: a tag that moves meanwhile must not be kept under the old digest.
class AskedOnce final : public image::ImageSource {
 public:
  explicit AskedOnce(image::ImageSource& source)
      : source_(source), root_(source.Manifest(std::nullopt)) {}
  const Result<image::RawManifest>& root() const { return root_; }
  std::string Name() const override { return source_.Name(); }
  Result<image::RawManifest> Manifest(const std::optional<Digest>& digest) override {
    return digest ? source_.Manifest(digest) : root_;
  }
  Result<std::unique_ptr<image::BlobReader>> Blob(const image::Descriptor& blob) override {
    return source_.Blob(blob);
  }

 private:
  image::ImageSource& source_;
  const Result<image::RawManifest> root_;
};

// Whether and by whom files are looked at for malware, in one scan. `options`' wish is taken back
// where nobody is there to look, and what became of it is told at the end.
class MalwareWatch {
 public:
  /// All outlive the watch.
  MalwareWatch(const ChildOptions& child, const Cancellation& cancel, ScanOptions& options) {
    if (!options.collection.malware || options.subject != Subject::kImage) return;
    wanted_ = true;
    if (!child.clamd) {
      state_ = CoverageState::kUnsupported;
      reason_ = "the scanner has no clamd to show files to (--clamd)";
    } else {
      desk_.emplace(*child.clamd, cancel);
      if (Status opened = desk_->Open(); !opened) {
        desk_.reset();
        reason_ = text::Printable(text::Truncate(opened.error().message, 500));
      }
    }
    options.collection.malware = desk_.has_value();
  }

  MalwareDesk* desk() { return desk_ ? &*desk_ : nullptr; }

  /// An answer that is not whole because clamd failed is as good as none: it is asked for again.
  void Note(ImageInventory& inventory) const {
    if (!wanted_) return;
    const std::string failure = desk_ ? desk_->Failure() : reason_;
    inventory.malware_database = desk_ ? desk_->version().text : std::string();
    if (failure.empty()) return;
    inventory.collected.malware = false;
    for (Inventory& platform : inventory.platforms) {
      auto& lines = platform.coverage;
      std::erase_if(lines, [](const Coverage& c) { return c.source == layer::kMalwareCoverage; });
      Coverage line{std::string(layer::kMalwareCoverage), state_, failure};
      lines.insert(
          std::upper_bound(lines.begin(), lines.end(), line,
                           [](const auto& a, const auto& b) { return a.source < b.source; }),
          std::move(line));
    }
  }

 private:
  bool wanted_ = false;
  std::optional<MalwareDesk> desk_;
  CoverageState state_ = CoverageState::kFailed;
  std::string reason_;
};

StartMessage MakeStart(const ScanOptions& options, const MalwareDesk* malware) {
  StartMessage start;
  start.subject = options.subject;
  start.declared = options.declared;
  start.platforms = options.platforms;
  start.single_of_any_platform = options.single_of_any_platform;
  start.limits = options.limits;
  start.collection = options.collection;
  start.layers_at_once = std::max(1u, options.layers_at_once);
  start.cores = std::thread::hardware_concurrency();
  start.archive_name = options.archive_name;
  start.archive_image = options.archive_image;
  start.file_bytes = std::max(kMinFileBytes, 2 * options.limits.spooled_bytes);
  if (malware != nullptr) {
    start.malware_max_bytes = malware->max_file_bytes();
    start.malware_database = malware->version().text;
  }
  return start;
}

Result<ImageInventory> ReadInventory(const FilePart& result, const std::optional<Digest>& root,
                                     const ScanOptions& options) {
  auto bytes = ReadResult(result, kMaxInventoryBytes);
  if (!bytes) return std::move(bytes).error();
  auto inventory = DecodeImageInventory(*bytes);
  if (!inventory) {
    return ScannerFailed("the image parser answered no sound inventory: " +
                         text::Printable(text::Truncate(inventory.error().message, 500)));
  }
  if (root && inventory->digest != *root) {
    return ScannerFailed("the image parser answered an inventory of " +
                         inventory->digest.ToString() + ", expected one of " + root->ToString());
  }
  if (inventory->platforms.empty()) {
    return ScannerFailed("the image parser answered an inventory without a platform");
  }
  // No matters of who has read hostile bytes.
  inventory->readers = packages::ReadersId();
  inventory->collected = options.subject == Subject::kImage ? options.collection : Collection();
  return inventory;
}

// In children, one for the image and one for each layer that is not kept.
class ApartScan {
 public:
  ApartScan(image::ImageSource& source, const ScanOptions& options, const ChildOptions& child,
            MalwareDesk* malware)
      : locked_(source),
        options_(options),
        child_(child),
        relay_(options.on_progress),
        malware_(malware) {
    start_ = MakeStart(options, malware);
    start_.layers_apart = true;
    start_.name_key =
        child.layer_cache != nullptr ? child.layer_cache->name_key() : layer::DrawNameKey();
  }

  Result<ImageInventory> Run(const Cancellation& cancel) {
    if (child_.layer_cache == nullptr || options_.subject != Subject::kImage || !MayKeep()) {
      return Scan(locked_, "", cancel);
    }
    AskedOnce asked(locked_);
    if (!asked.root()) return Scan(asked, "", cancel);  // the child words the failure
    const std::string key = child_.layer_cache->KeyOf(*asked.root(), start_);
    if (const auto kept = child_.layer_cache->Get(key)) {
      // One that cannot be read is replaced by what the scan says.
      if (auto inventory = ReadInventory(*kept, Sha256::Of(asked.root()->bytes), options_))
        return inventory;
    }
    return Scan(asked, key, cancel);
  }

 private:
  bool MayKeep() const { return malware_ == nullptr || malware_->MayKeep(); }
  // `key`: what the answer is kept under, "" for not at all.
  Result<ImageInventory> Scan(image::ImageSource& source, const std::string& key,
                              const Cancellation& cancel);

  LockedSource locked_;
  const ScanOptions& options_;
  const ChildOptions& child_;
  ProgressRelay relay_;
  MalwareDesk* const malware_;
  StartMessage start_;
};

Result<ImageInventory> ApartScan::Scan(image::ImageSource& source, const std::string& key,
                                       const Cancellation& cancel) {
  ScanOptions told = options_;
  if (options_.on_progress) {
    told.on_progress = [&](const ScanProgress& progress) { relay_.Totals(progress); };
  }
  std::stop_source stop;  // of layers that are still read when the image's child has ended
  const std::stop_callback on_stop(cancel.stop, [&] { stop.request_stop(); });
  LayerJobs jobs(locked_, start_, child_, {stop.get_token(), cancel.deadline}, relay_, malware_);
  // Files and documents have no digest to be held against.
  BlobServer server(source, {.layers = [&](const LayerJob& job) { return jobs.Read(job); },
                             .verify = options_.subject == Subject::kImage,
                             .malware = malware_});
  auto result =
      ChildRun(server, told, child_, cancel).Run(start_, start_.layers_at_once, std::nullopt);
  stop.request_stop();
  if (!result) return std::move(result).error();
  if (auto finished = server.Finish(); !finished) return std::move(finished).error();
  auto inventory = ReadInventory(*result, server.root(), options_);
  if (inventory && !key.empty() && MayKeep()) {
    if (Status put = child_.layer_cache->Put(key, *result); !put) {
      log::Warn("image not kept",
                {{"image", inventory->digest.ToString()}, {"error", put.error()}});
    }
  }
  return inventory;
}

}  // namespace

Result<ImageInventory> ScanInChild(image::ImageSource& source, const ScanOptions& options,
                                   const ChildOptions& child, const Cancellation& cancel) {
  ScanOptions wanted = options;
  MalwareWatch malware(child, cancel, wanted);
  auto inventory = ApartScan(source, wanted, child, malware.desk()).Run(cancel);
  if (inventory) malware.Note(*inventory);
  if (inventory) return inventory;
  Error error = std::move(inventory).error();
  // The child that found wrong bytes does not know who gave them.
  const std::string givers = source.Givers();
  const bool known = givers.empty() || error.message.find(givers) != std::string::npos;
  if (!known && error.reason == scan_reason::kDigestMismatch) {
    error.message += " (from " + givers + ")";
  }
  return error;
}

Result<ImageInventory> ScanArchiveInChild(int archive_fd, const ScanOptions& options,
                                          const ChildOptions& child, const Cancellation& cancel) {
  NoSource none;
  ScanOptions wanted = options;
  MalwareWatch malware(child, cancel, wanted);
  BlobServer server(none, {.malware = malware.desk()});
  StartMessage start = MakeStart(wanted, malware.desk());
  start.name_key = layer::DrawNameKey();
  start.file_bytes = std::max(start.file_bytes, options.limits.inflated_bytes);
  const unsigned scratch_files = start.layers_at_once + 1;  // one for the archive, inflated
  auto result =
      ChildRun(server, options, child, cancel).Run(std::move(start), scratch_files, archive_fd);
  if (!result) return std::move(result).error();
  auto inventory = ReadInventory(*result, std::nullopt, wanted);
  if (inventory) malware.Note(*inventory);
  return inventory;
}

}  // namespace landwaiter::service
