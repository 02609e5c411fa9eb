// `landwaiter scan IMAGE`: the engine, the database and the policies in one process, for pipelines.
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>

#include "cli/clamd_flags.h"
#include "cli/commands.h"
#include "cli/database_path.h"
#include "cli/interrupt.h"
#include "cli/judge.h"
#include "cli/known_bases.h"
#include "cli/outputs.h"
#include "cli/scan_image.h"
#include "cli/vex_files.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "model/secret_rules.h"
#include "policy/evaluate.h"
#include "policy/policy.h"
#include "report/format.h"
#include "report/scan_report.h"
#include "scanner/advisories/database.h"
#include "scanner/matching/freshness.h"

namespace landwaiter::cli {
namespace {

struct ScanFlags {
  std::string image;
  ImageFlags source;
  std::string severity;
  bool ignore_unfixed = false;
  std::vector<std::string> policy_files;
  std::vector<std::string> exception_files;
  std::vector<std::string> vex_files;
  std::string ns;
  int exit_code = 0;
  std::vector<std::string> formats;
  std::string output;
  bool secrets = false;
  bool malware = false;
  ClamdFlags clamd;
  std::vector<std::string> bases;
  std::vector<std::string> base_lists;
};

int Complain(const Error& error, int code) {
  std::fprintf(stderr, "landwaiter: %s%s%s\n", text::Printable(error.message).c_str(),
               error.reason.empty() ? "" : " — reason ", error.reason.c_str());
  return code;
}

/// What the flags mean, checked before anything is fetched.
struct Plan {
  ImagePlan image;
  report::ReportFilter filter;
  std::vector<policy::ScanPolicy> policies;
  std::vector<std::string> bases;
  std::string ns;                  // where the image is to run; "" where nobody says
  std::vector<std::string> notes;  // for standard error
  matching::VexBook vex;
  std::vector<Output> outputs;
  std::string dated;  // of $SOURCE_DATE_EPOCH, RFC 3339; "" without it
};

/// Seconds since 1970 (reproducible-builds.org/specs/source-date-epoch).
Result<std::string> DateOfEnvironment() {
  const char* value = std::getenv("SOURCE_DATE_EPOCH");
  if (value == nullptr || *value == '\0') return std::string();
  constexpr std::int64_t kEndOf9999 = 253'402'300'799;
  std::int64_t seconds = 0;
  const std::string_view text = value;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (failure != std::errc() || end != text.data() + text.size() || seconds < 0 ||
      seconds > kEndOf9999) {
    return InvalidArgument("SOURCE_DATE_EPOCH is no number of seconds since 1970");
  }
  return FormatTime(TimePoint(std::chrono::seconds(seconds)));
}

FormatNames Known() { return FormatNamesOf(report::Formats()); }

/// Who files are shown to. That nobody is there where only a policy asks for it is for the policy
/// to judge.
Status TakeClamd(const ScanFlags& flags, Plan& plan) {
  ClamdFlags clamd = flags.clamd;
  const char* const environment = std::getenv("LANDWAITER_CLAMD");
  if (clamd.address.empty() && environment != nullptr) clamd.address = environment;
  auto options = ClamdOf(clamd);
  if (!options) return std::move(options).error();
  plan.image.clamd = *std::move(options);
  if (!flags.malware) return Ok();
  const ImageKind kind = plan.image.image.kind;
  if (kind == ImageKind::kFolder || kind == ImageKind::kDocument) {
    return InvalidArgument("--malware is about images");
  }
  if (!plan.image.clamd) return InvalidArgument("--malware needs a clamd: --clamd ADDRESS");
  plan.image.options.collection.malware = true;
  return Ok();
}

Result<Plan> MakePlan(const ScanFlags& flags) {
  Plan plan;
  auto image = PlanImage(flags.image, flags.source);
  if (!image) return std::move(image).error();
  plan.image = std::move(*image);
  if (!flags.severity.empty()) {
    const auto severity = ParseSeverity(flags.severity);
    if (!severity) {
      return InvalidArgument("--severity '" + flags.severity +
                             "' is none of negligible, low, medium, high, critical");
    }
    plan.filter.severity_at_least = *severity;
  }
  if (Status status = CheckRegistryFlags(flags.source.registry); !status) return status.error();
  plan.filter.ignore_unfixed = flags.ignore_unfixed;
  auto outputs = ParseOutputs(flags.formats, flags.output, Known());
  if (!outputs) return std::move(outputs).error();
  plan.outputs = std::move(*outputs);
  auto dated = DateOfEnvironment();
  if (!dated) return std::move(dated).error();
  plan.dated = std::move(*dated);
  plan.bases = flags.bases;
  for (const std::string& path : flags.base_lists) {
    auto list = ReadBaseList(path);
    if (!list) return std::move(list).error();
    plan.bases.insert(plan.bases.end(), list->begin(), list->end());
  }
  auto policies =
      ReadPolicies(flags.policy_files, flags.exception_files, flags.ns, SystemClock().Now());
  if (!policies) return std::move(policies).error();
  plan.policies = std::move(policies->policies);
  plan.ns = std::move(policies->ns);
  plan.notes = std::move(policies->notes);
  auto vex = ReadVexFiles(flags.vex_files, plan.notes);
  if (!vex) return std::move(vex).error();
  plan.vex = *std::move(vex);
  std::vector<const policy::ScanPolicy*> judging;
  for (const policy::ScanPolicy& one : plan.policies) judging.push_back(&one);
  Collection& collection = plan.image.options.collection;
  collection = policy::CollectionOf(judging);
  const ImageKind kind = plan.image.image.kind;
  const bool has_layers = kind != ImageKind::kFolder && kind != ImageKind::kDocument;
  if (flags.secrets && !has_layers) return InvalidArgument("--secrets is about images");
  if (flags.secrets) collection.secrets = kSecretRulesVersion;
  if (Status taken = TakeClamd(flags, plan); !taken) return taken.error();
  return plan;
}

/// What no policy's own maxDatabaseAge decides about: after judging, in each platform's coverage.
void NoteStaleDatabase(report::ScanReport& scan, const Plan& plan, TimePoint built_at,
                       TimePoint now) {
  std::chrono::milliseconds limit = policy::kDefaultDatabaseAge;
  for (const policy::ScanPolicy& one : plan.policies) {
    if (one.max_database_age) limit = std::min(limit, *one.max_database_age);
  }
  const auto stale = matching::StaleDatabase(built_at, now, limit);
  if (!stale) return;
  for (auto& platform : scan.platforms) platform.coverage.push_back(*stale);
}

bool Shown(const Finding& finding, const report::ReportFilter& filter) {
  const bool severe =
      finding.severity == Severity::kUnknown || finding.severity >= filter.severity_at_least;
  return severe && !(filter.ignore_unfixed && finding.fixed_version.empty());
}

/// docs/cli.md, "Exit codes". A policy's own onIncomplete answers for what it could not decide;
/// where no policy is about this image whatever was not read makes the scan incomplete.
int ExitCodeOf(const report::ScanReport& scan, const Plan& plan, const ScanFlags& flags) {
  bool undecided = false;
  for (const PolicyVerdict& verdict : scan.policies) {
    const auto one = std::find_if(plan.policies.begin(), plan.policies.end(),
                                  [&](const auto& p) { return p.name == verdict.policy; });
    const bool denies = policy::AnswerTo(*one, verdict.verdict) == Action::kDeny;
    if (denies && verdict.verdict == Verdict::kFail) return kExitPolicyFailed;
    undecided = undecided || denies;
  }
  if (undecided) return kExitIncomplete;
  if (scan.policies.empty() && report::OverallVerdict(scan) == Verdict::kUnknown) {
    return kExitIncomplete;
  }
  for (const auto& platform : scan.platforms) {
    for (const Finding& finding : platform.findings) {
      const bool counts = !finding.host_kernel && finding.confidence == Confidence::kExact;
      if (counts && Shown(finding, plan.filter)) return flags.exit_code;
    }
  }
  return kExitOk;
}

report::TableOptions TerminalOf(const Output& output) {
  report::TableOptions options;
  if (!output.path.empty() || ::isatty(STDOUT_FILENO) != 1) return options;
  options.colour = std::getenv("NO_COLOR") == nullptr;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) options.width = size.ws_col;
  return options;
}

Status Print(const report::ScanReport& scan, const Plan& plan) {
  return WriteOutputs(plan.outputs, [&](const Output& output, std::ostream& out) {
    report::FindFormat(output.format)->write(scan, TerminalOf(output), out);
  });
}

/// What the scan says of an image that the bases can explain.
void FindBases(report::ScanReport& scan, const std::vector<KnownBase>& bases) {
  for (const Inventory& platform : scan.inventory.platforms) {
    scan.bases.push_back(FindBase(platform, bases));
  }
}

int RunScan(const ScanFlags& flags) {
  auto plan = MakePlan(flags);
  if (!plan) return Complain(plan.error(), kExitUsage);
  for (const std::string& note : plan->notes) {
    std::fprintf(stderr, "landwaiter: %s\n", text::Printable(note).c_str());
  }
  // Opened before anything is fetched: a missing database should not cost a pull.
  auto database = advisories::AdvisoryDatabase::Open(DatabasePath(flags.source.database));
  if (!database) return Complain(database.error(), kExitIncomplete);
  if (flags.source.verbose) log::Configure(log::Level::kDebug, log::Format::kText);
  Interrupt interrupt;
  const Cancellation cancel{interrupt.Token()};
  const auto bases =
      ReadKnownBases(plan->bases, flags.source.registry, plan->image.options, cancel);
  if (!bases) return Complain(bases.error(), kExitIncomplete);
  const auto layer_cache = OpenLayerCache(flags.source);
  auto scanned = ScanAndMatch(plan->image, flags.source, layer_cache.get(), **database, cancel);
  if (!scanned) return Complain(scanned.error(), kExitIncomplete);
  report::ScanReport& scan = *scanned;
  scan.filter = plan->filter;
  scan.dated = plan->dated;
  FindBases(scan, *bases);
  ApplyVexFiles(plan->vex, ReferencesOf(plan->image), scan);
  const TimePoint now = SystemClock().Now();
  NoteFirstSeen(scan, now);
  Judging judging{plan->policies, ReferencesOf(plan->image), plan->ns, now};
  const BaseList book(*bases);
  if (!bases->empty()) judging.bases = &book;
  Judge(scan, judging);
  NoteStaleDatabase(scan, *plan, (*database)->Info().built_at, now);
  if (Status printed = Print(scan, *plan); !printed) {
    return Complain(printed.error(), kExitIncomplete);
  }
  return ExitCodeOf(scan, *plan, flags);
}

}  // namespace

void AddScanCommand(CLI::App& parent, int& exit_code) {
  auto flags = std::make_shared<ScanFlags>();
  CLI::App* app = parent.add_subcommand(
      "scan", "Scan an image: packages, known vulnerabilities, and policies if given.");
  app->add_option(
         "IMAGE", flags->image,
         "registry reference, archive:FILE (docker save or OCI tar), oci:FOLDER, docker:NAME, "
         "podman:NAME, dir:FOLDER (files and lock files), sbom:FILE (CycloneDX, SPDX, Syft)")
      ->required();
  app->add_option("--severity", flags->severity,
                  "show findings of this severity and above; unknown is always shown");
  app->add_flag("--ignore-unfixed", flags->ignore_unfixed, "leave out findings without a fix");
  app->add_option("--policy", flags->policy_files,
                  "file with ScanPolicies (YAML or JSON) to judge by; may be repeated");
  app->add_option(
      "--exceptions", flags->exception_files,
      "file with ScanExceptions, as far as the policies' allowExceptions take them; may "
      "be repeated");
  app->add_option("--vex", flags->vex_files,
                  "file of VEX statements (OpenVEX, CSAF, CycloneDX) to believe; may be repeated");
  app->add_option("--namespace", flags->ns,
                  "where the image is to run: whose ScanExceptions count (default: theirs)");
  app->add_option("--exit-code", flags->exit_code,
                  "exit with this code where findings are shown and no policy failed (default 0)")
      ->check(CLI::Range(0, 125));
  app->add_option(
      "--format", flags->formats,
      "NAME, or NAME=FILE to write it there; may be repeated. " + DescribeFormats(Known()));
  app->add_option("--output,-o", flags->output,
                  "write the report of the --format that names no file to this one");
  app->add_flag("--secrets", flags->secrets,
                "look for keys, tokens and passwords in the files of an image, too");
  app->add_flag("--malware", flags->malware,
                "have clamd look at the files of an image, too (docs/malware.md)");
  AddClamdFlags(*app, "for --malware and for policies that ask ($LANDWAITER_CLAMD)", flags->clamd);
  app->add_option("--base", flags->bases,
                  "an image that this one may be built on, by its layers; may be repeated");
  app->add_option("--base-list", flags->base_lists,
                  "file with such images, one a line; may be repeated");
  AddImageFlags(*app, flags->source);
  app->footer(
      "Exit codes: 0 clean, or policies passed; 1 a policy failed; 2 bad usage; 3 the scan could "
      "not be completed, or something in the image could not be read and no policy accepts that.");
  app->callback([flags, &exit_code] { exit_code = RunScan(*flags); });
}

}  // namespace landwaiter::cli
