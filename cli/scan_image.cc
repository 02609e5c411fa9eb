#include "cli/scan_image.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>

#include "cli/database_path.h"
#include "cli/layer_cache_path.h"
#include "cli/progress.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "scanner/matching/match.h"

namespace landwaiter::cli {
namespace {

// Some thousand layers of usual sizes.
constexpr std::uint64_t kLayerCacheBytes = 1ull << 30;

Status Match(report::ScanReport& scan, const advisories::AdvisoryDatabase& database) {
  for (const Inventory& inventory : scan.inventory.platforms) {
    auto matched = matching::Match(inventory, database);
    if (!matched) return std::move(matched).error();
    scan.platforms.push_back({std::move(matched->findings), std::move(matched->coverage),
                              std::move(matched->os_end_of_life)});
  }
  scan.database.id = database.Info().id;
  scan.database.built_at = FormatTime(database.Info().built_at);
  for (const auto& feed : database.Info().feeds) {
    scan.database.feeds[feed.kind + ":" + feed.name] = feed.newest;
  }
  return Ok();
}

}  // namespace

void AddImageFlags(CLI::App& command, ImageFlags& flags) {
  command.add_option("--platform", flags.platforms,
                     "os/architecture[/variant] wanted of an index; may be repeated (default: this "
                     "machine's)");
  command.add_option("--image", flags.choice, "which image of an archive that holds several");
  command.add_option(
      "--db", flags.database,
      "folder of the advisory database (default: " + DatabasePath("") + ", or $LANDWAITER_DB)");
  command.add_flag("--dev", flags.dev,
                   "dir: also packages that lock files mark as for development only");
  command.add_flag("--no-progress", flags.no_progress, "no progress line, also on a terminal");
  command.add_option("--layer-cache", flags.layer_cache,
                     "folder for what was read of layers, or off (default: "
                     "$LANDWAITER_LAYER_CACHE, or ~/.cache/landwaiter/layers)");
  AddRegistryFlags(command, flags.registry);
  AddMirrorFlag(command, flags.registry);
  command.add_flag("--verbose", flags.verbose,
                   "say on standard error which registry host answered");
}

Result<ImagePlan> PlanImage(const std::string& text, const ImageFlags& flags) {
  ImagePlan plan;
  plan.text = text;
  auto image = ParseImageArgument(text);
  if (!image) return std::move(image).error();
  plan.image = std::move(*image);
  if (plan.image.kind == ImageKind::kFolder) {
    plan.options.declared = flags.dev ? packages::Declared::kAll : packages::Declared::kRuntime;
  } else if (flags.dev) {
    return InvalidArgument("--dev is about lock files of a folder (dir:PATH)");
  }
  if (plan.image.kind == ImageKind::kRegistry) {
    if (auto reference = ImageReference::Parse(plan.image.value); !reference) {
      return std::move(reference).error();
    }
  }
  for (const std::string& name : flags.platforms) {
    auto platform = Platform::Parse(name);
    if (!platform) return std::move(platform).error();
    plan.options.platforms.push_back(std::move(*platform));
  }
  if (plan.options.platforms.empty()) {
    plan.options.platforms.push_back(HostPlatform());
    plan.options.single_of_any_platform = true;  // nobody asked for this one
  }
  return plan;
}

std::vector<ImageReference> ReferencesOf(const ImagePlan& plan) {
  if (plan.image.kind != ImageKind::kRegistry) return {};
  auto reference = ImageReference::Parse(plan.image.value);
  if (!reference) return {};
  return {std::move(*reference)};
}

std::unique_ptr<service::LayerCache> OpenLayerCache(const ImageFlags& flags) {
  const std::string folder = LayerCachePath(flags.layer_cache);
  if (folder.empty()) return nullptr;
  auto cache = service::LayerCache::Open(folder, kLayerCacheBytes);
  if (cache) return *std::move(cache);
  std::fprintf(stderr, "landwaiter: %s; scanning without\n",
               text::Printable(cache.error().message).c_str());
  return nullptr;
}

Result<report::ScanReport> ScanAndMatch(ImagePlan& plan, const ImageFlags& flags,
                                        service::LayerCache* layer_cache,
                                        const advisories::AdvisoryDatabase& database,
                                        const Cancellation& cancel) {
  std::optional<ProgressLine> progress;
  if (!flags.no_progress && ::isatty(STDERR_FILENO) == 1) {
    progress.emplace(plan.text);
    plan.options.on_progress = [&](const service::ScanProgress& p) { progress->Show(p); };
  }
  service::ChildOptions child;
  child.layer_cache = layer_cache;
  child.clamd = plan.clamd;
  auto inventory =
      ScanImageArgument(plan.image, flags.choice, flags.registry, plan.options, child, cancel);
  plan.options.on_progress = nullptr;
  progress.reset();
  if (!inventory) {
    return std::move(inventory).error().Context(plan.text + " was not scanned");
  }
  report::ScanReport scan;
  scan.image = plan.text;
  scan.inventory = std::move(*inventory);
  if (const auto references = ReferencesOf(plan); !references.empty()) {
    scan.reference = references.front().ToString();
  }
  if (Status matched = Match(scan, database); !matched) {
    return std::move(matched).error().Context(plan.text + " was not matched");
  }
  return scan;
}

}  // namespace landwaiter::cli
