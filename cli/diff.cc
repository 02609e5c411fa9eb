// `landwaiter diff OLD NEW`: what another image brings in and what it fixes. Each side is an image
// as `scan` takes it, or report:FILE, what `scan --format json` wrote.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <ostream>

#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/database_path.h"
#include "cli/interrupt.h"
#include "cli/outputs.h"
#include "cli/scan_image.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "policy/policy.h"
#include "report/diff_format.h"
#include "report/read_json.h"
#include "scanner/advisories/database.h"
#include "scanner/matching/freshness.h"

namespace landwaiter::cli {
namespace {

constexpr std::string_view kCommand = "landwaiter diff";
constexpr std::string_view kReportPrefix = "report:";

struct DiffFlags {
  std::string before;
  std::string after;
  ImageFlags source;
  std::string fail_on_new;
  std::vector<std::string> formats;
  std::string output;
};

FormatNames Known() { return FormatNamesOf(report::DiffFormats()); }

/// One side: an image that is still to be scanned, or a report.
struct SidePlan {
  std::optional<ImagePlan> image;
  std::string report;  // path, where it is no image
};

struct Plan {
  SidePlan before;
  SidePlan after;
  std::optional<Severity> fail_on_new;
  std::vector<Output> outputs;
};

Result<SidePlan> PlanSide(const std::string& text, const ImageFlags& flags) {
  SidePlan side;
  if (text.starts_with(kReportPrefix)) {
    side.report = text.substr(kReportPrefix.size());
    if (side.report.empty()) return InvalidArgument(text + " names no file");
    return side;
  }
  auto image = PlanImage(text, flags);
  if (!image) return std::move(image).error();
  side.image = std::move(*image);
  return side;
}

Result<Plan> MakePlan(const DiffFlags& flags) {
  Plan plan;
  auto before = PlanSide(flags.before, flags.source);
  if (!before) return std::move(before).error();
  auto after = PlanSide(flags.after, flags.source);
  if (!after) return std::move(after).error();
  plan.before = std::move(*before);
  plan.after = std::move(*after);
  if (!flags.fail_on_new.empty()) {
    plan.fail_on_new = ParseSeverity(flags.fail_on_new);
    if (!plan.fail_on_new) {
      return InvalidArgument("--fail-on-new '" + flags.fail_on_new +
                             "' is none of negligible, low, medium, high, critical");
    }
  }
  if (Status status = CheckRegistryFlags(flags.source.registry); !status) return status.error();
  auto outputs = ParseOutputs(flags.formats, flags.output, Known());
  if (!outputs) return std::move(outputs).error();
  plan.outputs = std::move(*outputs);
  return plan;
}

Result<report::ScanReport> ReadReport(const std::string& path) {
  auto text = ReadFile(path, report::kMaxReportBytes);
  if (!text) return std::move(text).error();
  auto read = report::ReadJsonReport(*text);
  if (!read) return std::move(read).error().Context(path);
  return read;
}

/// A stale database says nothing of what became known since, in a comparison as in a scan.
void NoteStaleDatabase(report::ScanReport& scan, TimePoint built_at) {
  const auto stale =
      matching::StaleDatabase(built_at, SystemClock().Now(), policy::kDefaultDatabaseAge);
  if (!stale) return;
  for (auto& platform : scan.platforms) platform.coverage.push_back(*stale);
}

/// What counts is what counts in a policy by default: findings by the package's own name. An
/// unknown severity is not a low one.
bool Fails(const report::ScanDiff& diff, Severity at_least) {
  return std::any_of(diff.brought.begin(), diff.brought.end(), [&](const report::DiffFinding& one) {
    const Finding& f = *one.finding;
    return f.confidence == Confidence::kExact &&
           (f.severity == Severity::kUnknown || f.severity >= at_least);
  });
}

/// Reads both sides one after the other; the database is opened only where an image is scanned.
class Sides {
 public:
  explicit Sides(const ImageFlags& flags) : flags_(flags) {}

  Status Open(const Plan& plan) {
    if (!plan.before.image && !plan.after.image) return Ok();
    auto database = advisories::AdvisoryDatabase::Open(DatabasePath(flags_.database));
    if (!database) return std::move(database).error();
    database_ = std::move(*database);
    layer_cache_ = OpenLayerCache(flags_);
    return Ok();
  }

  Result<report::ScanReport> Read(SidePlan& side, const Cancellation& cancel) {
    if (!side.image) return ReadReport(side.report);
    auto scan = ScanAndMatch(*side.image, flags_, layer_cache_.get(), *database_, cancel);
    if (scan) NoteStaleDatabase(*scan, database_->Info().built_at);
    return scan;
  }

 private:
  const ImageFlags& flags_;
  std::unique_ptr<advisories::AdvisoryDatabase> database_;
  std::unique_ptr<service::LayerCache> layer_cache_;
};

int RunDiff(const DiffFlags& flags) {
  auto plan = MakePlan(flags);
  if (!plan) return Complain(kCommand, plan.error(), kExitUsage);
  Sides sides(flags.source);
  if (Status opened = sides.Open(*plan); !opened) {
    return Complain(kCommand, opened.error(), kExitIncomplete);
  }
  if (flags.source.verbose) log::Configure(log::Level::kDebug, log::Format::kText);
  Interrupt interrupt;
  const Cancellation cancel{interrupt.Token()};
  const auto before = sides.Read(plan->before, cancel);
  if (!before) return Complain(kCommand, before.error(), kExitIncomplete);
  const auto after = sides.Read(plan->after, cancel);
  if (!after) return Complain(kCommand, after.error(), kExitIncomplete);
  const report::ScanDiff diff = report::Compare(*before, *after);
  const Status printed = WriteOutputs(plan->outputs, [&](const Output& output, std::ostream& out) {
    for (const report::DiffFormat& format : report::DiffFormats()) {
      if (format.name == output.format) format.write(diff, out);
    }
  });
  if (!printed) return Complain(kCommand, printed.error(), kExitIncomplete);
  if (plan->fail_on_new && Fails(diff, *plan->fail_on_new)) return kExitPolicyFailed;
  return diff.Complete() ? kExitOk : kExitIncomplete;
}

}  // namespace

void AddDiffCommand(CLI::App& parent, int& exit_code) {
  auto flags = std::make_shared<DiffFlags>();
  CLI::App* app = parent.add_subcommand(
      "diff", "Compare two images: what the new one brings in, what it fixes, what stays.");
  app->add_option("OLD", flags->before,
                  "an image as of scan, or report:FILE (what scan --format json wrote)")
      ->required();
  app->add_option("NEW", flags->after, "likewise")->required();
  app->add_option("--fail-on-new", flags->fail_on_new,
                  "exit with 1 where NEW brings in a finding of this severity or above; one of "
                  "unknown severity counts");
  app->add_option(
      "--format", flags->formats,
      "NAME, or NAME=FILE to write it there; may be repeated. " + DescribeFormats(Known()));
  app->add_option("--output,-o", flags->output,
                  "write what the --format that names no file makes to this one");
  AddImageFlags(*app, flags->source);
  app->footer(
      "Exit codes: 0 compared; 1 --fail-on-new applies; 2 bad usage; 3 an image could not be "
      "scanned, a report not be read, or something in one of them could not be read.");
  app->callback([flags, &exit_code] { exit_code = RunDiff(*flags); });
}

}  // namespace landwaiter::cli
