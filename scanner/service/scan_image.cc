#include "scanner/service/scan_image.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "model/scan_request.h"
#include "scanner/image/loader.h"
#include "scanner/image/source.h"
#include "scanner/layer/merge.h"
#include "scanner/layer/scan_layer.h"
#include "scanner/packages/os_release.h"

namespace landwaiter::service {
namespace {

using layer::LayerInventory;
// Names that links of the image give to files, which their layers could not know.
struct Aliases {
  std::multimap<std::string, std::string> files = {};
  std::vector<layer::PathAlias> collected = {};
  bool empty() const { return files.empty() && collected.empty(); }
};
using LayerMap = std::map<std::pair<Digest, Digest>, LayerInventory>;  // by blob and diffID

constexpr auto kProgressEvery = std::chrono::milliseconds(100);

struct LayerTask {
  image::Descriptor blob;
  Digest diff_id;
  int number = 0;  // 1 is the base
};

std::pair<Digest, Digest> KeyOf(const LayerTask& task) { return {task.blob.digest, task.diff_id}; }

// Counts what was received and tells it on, some times a second.
class ProgressMeter {
 public:
  explicit ProgressMeter(const ScanOptions& options) : options_(options) {}

  void Expect(std::uint64_t bytes, int layers) {
    Update(
        [&](ScanProgress& progress) {
          progress.bytes_total += bytes;
          progress.layers_total += layers;
        },
        true);
  }
  void Received(std::uint64_t bytes) {
    Update([&](ScanProgress& progress) { progress.bytes_received += bytes; }, false);
  }
  void LayerDone() {
    Update([](ScanProgress& progress) { ++progress.layers_done; }, true);
  }

 private:
  template <class Fn>
  void Update(Fn change, bool at_once) {
    if (!options_.on_progress) return;
    const std::lock_guard lock(mutex_);
    change(progress_);
    const auto now = std::chrono::steady_clock::now();
    if (!at_once && now < next_) return;
    next_ = now + kProgressEvery;
    options_.on_progress(progress_);
  }

  const ScanOptions& options_;
  std::mutex mutex_;
  ScanProgress progress_;
  std::chrono::steady_clock::time_point next_{};
};

// Reads the layers of one platform side by side, each once.
class LayerReader {
 public:
  LayerReader(image::ImageSource& source, const ScanOptions& options, ProgressMeter& meter,
              const Cancellation& cancel)
      : source_(source), options_(options), meter_(meter), cancel_(cancel) {}

  Status ReadAll(std::vector<LayerTask> tasks, const Aliases& aliases, LayerMap& layers);

 private:
  void Work(std::size_t worker, const Aliases& aliases);
  std::optional<LayerTask> NextTask();
  Result<LayerInventory> ReadElsewhere(const layer::LayerDescriptor& descriptor);
  Result<LayerInventory> ReadOne(const LayerTask& task, int scratch_fd, const Aliases& aliases,
                                 const Cancellation& cancel);
  void Fail(const LayerTask& task, Error error);

  image::ImageSource& source_;
  const ScanOptions& options_;
  ProgressMeter& meter_;
  const Cancellation& cancel_;
  std::unique_ptr<layer::Budget> budget_;
  std::stop_source stop_;
  std::mutex source_mutex_;  // a source serves one thread at a time
  std::mutex mutex_;         // the members below
  std::vector<LayerTask> tasks_;
  std::size_t next_ = 0;
  bool cores_are_busy_ = false;
  LayerMap* layers_ = nullptr;
  std::optional<std::pair<int, Error>> failure_;  // of the lowest layer that failed by itself
};

// What a layer that was read elsewhere has used of the image's limits.
Status Charge(layer::Budget& budget, const LayerInventory& inventory) {
  std::uint64_t retained = 0;
  for (const auto& folder : inventory.folders) retained += 2 * folder.size();
  for (const auto& link : inventory.links) retained += link.name.size() + link.target.size();
  for (const auto* names : {&inventory.whiteouts, &inventory.opaque_folders}) {
    for (const auto& name : *names) retained += name.size();
  }
  if (auto added = budget.AddInflated(inventory.inflated_bytes); !added) return added;
  if (auto added = budget.AddEntries(inventory.entries.size()); !added) return added;
  return budget.AddRetained(retained);
}

Result<LayerInventory> LayerReader::ReadElsewhere(const layer::LayerDescriptor& descriptor) {
  auto inventory = options_.read_layer(descriptor);
  if (!inventory) return inventory;
  if (inventory->digest != descriptor.digest || inventory->diff_id != descriptor.diff_id) {
    return Internal("the inventory that was given for the layer is another one's")
        .WithReason(scan_reason::kScannerFailed);
  }
  if (auto charged = Charge(*budget_, *inventory); !charged) return std::move(charged).error();
  return inventory;
}

Result<LayerInventory> LayerReader::ReadOne(const LayerTask& task, int scratch_fd,
                                            const Aliases& aliases, const Cancellation& cancel) {
  const layer::LayerDescriptor descriptor{.digest = task.blob.digest,
                                          .size_bytes = task.blob.size,
                                          .media_type = task.blob.media_type,
                                          .diff_id = task.diff_id,
                                          .cores_are_busy = cores_are_busy_};
  if (options_.read_layer && aliases.empty()) return ReadElsewhere(descriptor);
  std::unique_ptr<image::BlobReader> blob;
  {
    const std::lock_guard lock(source_mutex_);
    auto opened = source_.Blob(task.blob);
    if (!opened) return std::move(opened).error();
    blob = *std::move(opened);
  }
  layer::LayerOptions layer_options;
  layer_options.scratch_fd = scratch_fd;
  layer_options.also_known_as = aliases.files;
  layer_options.collection = options_.collection;
  layer_options.aliases = aliases.collected;
  std::unique_ptr<layer::MalwareLook> malware;
  if (options_.malware && options_.collection.malware) {
    auto look = options_.malware();
    if (!look) return std::move(look).error();
    malware = *std::move(look);
    layer_options.malware = malware.get();
  }
  const layer::ReadBytes read = [&](char* buffer, std::size_t size) {
    auto count = blob->Read(buffer, size);
    if (count) meter_.Received(*count);
    return count;
  };
  return layer::ScanLayer(descriptor, read, layer_options, *budget_, cancel);
}

std::optional<LayerTask> LayerReader::NextTask() {
  const std::lock_guard lock(mutex_);
  if (next_ == tasks_.size() || failure_) return std::nullopt;
  return tasks_[next_++];
}

void LayerReader::Fail(const LayerTask& task, Error error) {
  const std::lock_guard lock(mutex_);
  // Those that stop because another failed say Cancelled, and explain nothing.
  const bool better = !failure_ || (failure_->second.code == Code::kCancelled) ||
                      (error.code != Code::kCancelled && task.number < failure_->first);
  if (better) failure_ = {task.number, std::move(error)};
}

void LayerReader::Work(std::size_t worker, const Aliases& aliases) {
  const int scratch = worker < options_.scratch_fds.size() ? options_.scratch_fds[worker] : -1;
  const Cancellation cancel{stop_.get_token(), cancel_.deadline};
  while (const auto task = NextTask()) {
    if (options_.on_layer) options_.on_layer(task->number, task->blob.digest, false);
    auto inventory = ReadOne(*task, scratch, aliases, cancel);
    if (!inventory) {
      Fail(*task, std::move(inventory).error());
      stop_.request_stop();
      return;
    }
    if (options_.on_layer) options_.on_layer(task->number, task->blob.digest, true);
    meter_.LayerDone();
    const std::lock_guard lock(mutex_);
    layers_->insert_or_assign(KeyOf(*task), *std::move(inventory));
  }
}

Status LayerReader::ReadAll(std::vector<LayerTask> tasks, const Aliases& aliases,
                            LayerMap& layers) {
  // The longest first, so that none is left alone at the end.
  std::sort(tasks.begin(), tasks.end(), [](const LayerTask& a, const LayerTask& b) {
    return std::pair(b.blob.size, a.number) < std::pair(a.blob.size, b.number);
  });
  budget_ = std::make_unique<layer::Budget>(options_.limits);
  tasks_ = std::move(tasks);
  next_ = 0;
  layers_ = &layers;
  const std::stop_callback on_stop(cancel_.stop, [this] { stop_.request_stop(); });
  std::size_t workers = std::min<std::size_t>(std::max(1u, options_.layers_at_once), tasks_.size());
  if (!options_.scratch_fds.empty()) workers = std::min(workers, options_.scratch_fds.size());
  cores_are_busy_ = options_.cores > 0 && workers >= options_.cores;
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < workers; ++i) {
      try {
        threads.emplace_back([this, i, &aliases] { Work(i, aliases); });
      } catch (const std::exception&) {
        break;  // fewer at once
      }
    }
    Work(0, aliases);
  }
  if (!failure_) return Ok();
  const int number = failure_->first;
  const auto task = std::find_if(tasks_.begin(), tasks_.end(),
                                 [&](const LayerTask& t) { return t.number == number; });
  return failure_->second.Context("layer " + std::to_string(number) + " of " +
                                  std::to_string(tasks_.size()) + " (" +
                                  task->blob.digest.ToString() + ")");
}

std::vector<LayerTask> TasksOf(const image::PlatformImage& image) {
  std::vector<LayerTask> tasks;
  for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) {
    tasks.push_back({.blob = image.manifest.layers[i],
                     .diff_id = image.config.diff_ids[i],
                     .number = static_cast<int>(i) + 1});
  }
  return tasks;
}

// Those not read yet, each once.
std::vector<LayerTask> Unread(const std::vector<LayerTask>& tasks, const LayerMap& layers) {
  std::vector<LayerTask> unread;
  for (const auto& task : tasks) {
    const bool again = std::any_of(unread.begin(), unread.end(), [&](const LayerTask& other) {
      return KeyOf(other) == KeyOf(task);
    });
    if (!again && !layers.contains(KeyOf(task))) unread.push_back(task);
  }
  return unread;
}

class ImageScan {
 public:
  ImageScan(image::ImageSource& source, const ScanOptions& options, const Cancellation& cancel)
      : source_(source), options_(options), cancel_(cancel), meter_(options) {}

  Result<ImageInventory> Run();

 private:
  Result<Inventory> ScanPlatform(const image::PlatformImage& image);
  Result<layer::MergedImage> ReadAndMerge(const std::vector<LayerTask>& tasks,
                                          const Aliases& aliases, LayerMap& layers);

  image::ImageSource& source_;
  const ScanOptions& options_;
  const Cancellation& cancel_;
  ProgressMeter meter_;
  LayerMap layers_;  // of all platforms: they often share some
};

Result<layer::MergedImage> ImageScan::ReadAndMerge(const std::vector<LayerTask>& tasks,
                                                   const Aliases& aliases, LayerMap& layers) {
  auto unread = Unread(tasks, layers);
  const auto bytes = std::accumulate(
      unread.begin(), unread.end(), std::uint64_t{0},
      [](std::uint64_t sum, const LayerTask& task) { return sum + task.blob.size; });
  meter_.Expect(bytes, static_cast<int>(unread.size()));
  LayerReader reader(source_, options_, meter_, cancel_);
  if (auto read = reader.ReadAll(std::move(unread), aliases, layers); !read) {
    return std::move(read).error();
  }
  std::vector<const LayerInventory*> stack;
  stack.reserve(tasks.size());
  for (const auto& task : tasks) stack.push_back(&layers.at(KeyOf(task)));
  return layer::MergeLayers(stack, packages::AllSources(), options_.limits, options_.declared,
                            {options_.collection, aliases.collected});
}

void AddHistory(Inventory& inventory) {
  const auto& history = inventory.config.history;
  const auto filled =
      std::count_if(history.begin(), history.end(), [](const auto& h) { return !h.empty_layer; });
  // Some builders mark their layers wrongly; a wrong line is worse than none.
  if (static_cast<std::size_t>(filled) != inventory.layers.size()) return;
  auto layer = inventory.layers.begin();
  for (const auto& entry : history) {
    if (!entry.empty_layer) (layer++)->created_by = entry.created_by;
  }
}

// What manifest and configuration say.
Inventory Described(const image::PlatformImage& image, const std::vector<LayerTask>& tasks) {
  Inventory inventory;
  inventory.platform = image.config.platform;
  inventory.manifest_digest = image.manifest_digest;
  inventory.image_id = image.image_id;
  inventory.config = image.config.config;
  inventory.declared_base = image.manifest.declared_base;
  for (const auto& task : tasks) {
    inventory.size_bytes += task.blob.size;
    inventory.layers.push_back({.digest = task.blob.digest,
                                .diff_id = task.diff_id,
                                .media_type = task.blob.media_type,
                                .size_bytes = task.blob.size});
  }
  AddHistory(inventory);
  return inventory;
}

Result<Inventory> ImageScan::ScanPlatform(const image::PlatformImage& image) {
  const std::vector<LayerTask> tasks = TasksOf(image);
  if (tasks.size() > options_.limits.layers) {
    return layer::TooLarge("the number of layers", options_.limits.layers, "");
  }
  Inventory inventory = Described(image, tasks);
  if (options_.subject == Subject::kConfiguration) return inventory;
  auto merged = ReadAndMerge(tasks, {}, layers_);
  if (!merged) return std::move(merged).error();
  if (!merged->unreached.empty() || !merged->aliases.empty()) {
    // Links give files names that their layers could not know: once more, with those names.
    Aliases aliases;
    for (const auto& path : merged->unreached) aliases.files.emplace(path.leads_to, path.path);
    aliases.collected = std::move(merged->aliases);
    LayerMap again;
    merged = ReadAndMerge(tasks, aliases, again);
    if (!merged) return std::move(merged).error();
  }
  for (std::size_t i = 0; i < inventory.layers.size(); ++i) {
    inventory.layers[i].content_sets = std::move(merged->content_sets[i]);
  }
  inventory.repositories = std::move(merged->repositories);
  inventory.os = std::move(merged->os);
  inventory.packages = std::move(merged->packages);
  inventory.hints = std::move(merged->hints);
  inventory.coverage = std::move(merged->coverage);
  inventory.files = std::move(merged->files);
  inventory.passwd = std::move(merged->passwd_file);
  inventory.secrets = std::move(merged->secrets);
  inventory.malware = std::move(merged->malware);
  inventory.integrity = std::move(merged->integrity);
  std::optional<std::string_view> passwd;
  if (merged->passwd) passwd = *merged->passwd;
  inventory.config.uid = packages::ResolveUid(inventory.config.user, passwd);
  return inventory;
}

Result<ImageInventory> ImageScan::Run() {
  auto loaded = image::LoadImage(source_, options_.platforms,
                                 options_.single_of_any_platform ? image::SingleImage::kAnyPlatform
                                                                 : image::SingleImage::kMustMatch);
  if (!loaded) return std::move(loaded).error();
  ImageInventory result;
  result.digest = loaded->digest;
  result.media_type = loaded->media_type;
  result.readers = packages::ReadersId();
  if (options_.subject == Subject::kImage) result.collected = options_.collection;
  for (const auto& platform : loaded->platforms) {
    auto inventory = ScanPlatform(platform);
    if (!inventory) {
      return loaded->platforms.size() == 1 ? std::move(inventory).error()
                                           : std::move(inventory).error().Context(
                                                 "platform " + platform.config.platform.ToString());
    }
    result.platforms.push_back(*std::move(inventory));
  }
  return result;
}

}  // namespace

Result<ImageInventory> ScanImage(image::ImageSource& source, const ScanOptions& options,
                                 const Cancellation& cancel) {
  return ImageScan(source, options, cancel).Run();
}

}  // namespace landwaiter::service
