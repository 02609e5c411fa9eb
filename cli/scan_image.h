// One image scanned and matched in this process, for `scan` and `diff`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/image_argument.h"
#include "cli/registry_access.h"
#include "lib/base/cancellation.h"
#include "lib/base/result.h"
#include "report/scan_report.h"
#include "scanner/advisories/database.h"
#include "scanner/malware/clamd.h"
#include "scanner/service/layer_cache.h"

namespace CLI {
class App;
}

namespace landwaiter::cli {

/// The flags about where an image comes from and what is read of it.
struct ImageFlags {
  std::vector<std::string> platforms;
  std::string choice;
  std::string database;
  bool dev = false;
  bool no_progress = false;
  bool verbose = false;
  std::string layer_cache;
  RegistryFlags registry;
};

/// `flags` must outlive the command's run.
void AddImageFlags(CLI::App& command, ImageFlags& flags);

/// What the flags mean for one image, checked before anything is fetched.
struct ImagePlan {
  std::string text;  // as it was asked for
  ImageArgument image;
  service::ScanOptions options;
  std::optional<malware::ClamdOptions> clamd = {};
};
/// Errors: InvalidArgument, NotFound for a path that is not there.
Result<ImagePlan> PlanImage(const std::string& text, const ImageFlags& flags);

/// References that name the image, for rules and exceptions about names; none for a file.
std::vector<ImageReference> ReferencesOf(const ImagePlan& plan);

/// Null without a cache. One that cannot be used costs time, no result: it is told on standard
/// error, and the scan goes on.
std::unique_ptr<service::LayerCache> OpenLayerCache(const ImageFlags& flags);

/// The image's inventory and findings, with a progress line on a terminal. Not yet in the report:
/// what policies say, bases, filter. Errors: of the scan and of the matching, naming the image.
Result<report::ScanReport> ScanAndMatch(ImagePlan& plan, const ImageFlags& flags,
                                        service::LayerCache* layer_cache,
                                        const advisories::AdvisoryDatabase& database,
                                        const Cancellation& cancel);

}  // namespace landwaiter::cli
