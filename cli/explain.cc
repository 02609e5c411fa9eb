// landwaiter explain IMAGE ID: why an image is reported to have a vulnerability, or why it is not.
// Exit codes: 0 not reported; 1 reported; 2 bad usage; 3 the image could not be scanned or matched
// whole, or nothing in the database knows the vulnerability.
#include "scanner/matching/explain.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/database_path.h"
#include "cli/image_argument.h"
#include "cli/interrupt.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "policy/exceptions.h"
#include "policy/policy.h"
#include "scanner/advisories/database.h"
#include "scanner/matching/freshness.h"

namespace landwaiter::cli {
namespace {

constexpr std::string_view kCommand = "landwaiter explain";

struct ExplainFlags {
  std::string image;
  std::string id;
  std::string platform;
  std::string choice;
  std::string database;
  std::vector<std::string> policy_files;
  bool dev = false;
  RegistryFlags registry;
};

void Line(const std::string& text) { std::printf("%s\n", text::Printable(text).c_str()); }

/// What could not be read or asked: the vulnerability may be in it.
bool IsUntold(const Coverage& coverage) {
  return coverage.state == CoverageState::kFailed || coverage.state == CoverageState::kUnsupported;
}

/// "not reported", or how severe and in how many packages, with the rule that chose the severity.
void PrintVerdict(const ExplainFlags& flags, const matching::Explanation& explanation) {
  std::vector<std::string> others;
  for (const std::string& name : explanation.names) {
    if (name != flags.id) others.push_back(name);
  }
  Line(flags.id + (others.empty() ? "" : " (" + text::Join(others, ", ") + ")"));
  if (explanation.reported.empty()) {
    const bool untold =
        std::any_of(explanation.coverage.begin(), explanation.coverage.end(), IsUntold);
    Line(untold ? "not reported, but not everything could be looked at:" : "not reported");
    return;
  }
  for (const Finding& finding : explanation.reported) {
    std::string text = "reported: " + finding.package + " " + finding.installed_version + ", " +
                       std::string(SeverityName(finding.severity)) + " by ";
    text += finding.severity_source.empty() ? "nobody" : finding.severity_source;
    text += ", " + std::string(FindingStateName(finding.state));
    if (!finding.fixed_version.empty()) text += " in " + finding.fixed_version;
    if (finding.known_exploited.value_or(false)) text += ", known to be exploited";
    if (finding.confidence == Confidence::kCpe)
      text += ", by NVD's name of a program: fails nothing";
    if (finding.host_kernel) text += ", of the host's kernel: not counted";
    Line(text);
  }
}

void PrintRows(const matching::Explanation& explanation) {
  for (const matching::ExplainedRow& row : explanation.rows) {
    Line("  " + row.package + " " + row.installed_version + " (" + row.package_type + ", " +
         row.path + ")");
    Line("    " + row.advisory + " of " + row.feed + " for " + row.ecosystem + ": " + row.says);
  }
  if (explanation.rows.empty()) Line("  no advisory of it speaks of a package that is installed");
  for (const Coverage& coverage : explanation.coverage) {
    if (coverage.reason.empty()) continue;
    Line("  " + coverage.source + " (" + std::string(CoverageStateName(coverage.state)) +
         "): " + coverage.reason);
  }
}

/// Those for all images: this command knows its image by no reference that others could ask for.
Status PrintExceptions(const std::vector<std::string>& files,
                       const matching::Explanation& explanation) {
  for (const std::string& path : files) {
    const auto policies = policy::ParsePolicyFile(path);
    if (!policies) return policies.error();
    for (const policy::ScanPolicy& one : *policies) {
      policy::ExceptionBook book(one, policy::ExceptionsFor(one, {}, {}), SystemClock().Now());
      for (const policy::Rule& rule : one.rules) {
        for (const Finding& finding : explanation.reported) {
          book.ExcusesFinding(rule.name, finding);
        }
      }
      for (const std::string& used : book.Used()) {
        Line("  excepted by policy " + one.name + ": " + used);
      }
    }
  }
  return Ok();
}

Result<ImageInventory> Scan(const ExplainFlags& flags, const Cancellation& cancel) {
  const auto image = ParseImageArgument(flags.image);
  if (!image) return image.error();
  service::ScanOptions options;
  if (image->kind == ImageKind::kFolder) {
    options.declared = flags.dev ? packages::Declared::kAll : packages::Declared::kRuntime;
  } else if (flags.dev) {
    return InvalidArgument("--dev is about lock files of a folder (dir:PATH)");
  }
  options.platforms.push_back(HostPlatform());
  if (!flags.platform.empty()) {
    const auto platform = Platform::Parse(flags.platform);
    if (!platform) return platform.error();
    options.platforms = {*platform};
  }
  return ScanImageArgument(*image, flags.choice, flags.registry, options, {}, cancel);
}

int Run(const ExplainFlags& flags) {
  const auto database = advisories::AdvisoryDatabase::Open(DatabasePath(flags.database));
  if (!database) return Complain(kCommand, database.error(), kExitIncomplete);
  const auto naming = (*database)->AdvisoriesNaming(flags.id);
  if (!naming) return Complain(kCommand, naming.error(), kExitIncomplete);
  if (naming->empty()) {
    return Complain(kCommand, NotFound("no advisory in the database bears the name " + flags.id),
                    kExitIncomplete);
  }
  const Interrupt interrupt;
  const auto scanned = Scan(flags, Cancellation{interrupt.Token()});
  if (!scanned) return Complain(kCommand, scanned.error(), kExitIncomplete);
  const auto stale = matching::StaleDatabase((*database)->Info().built_at, SystemClock().Now(),
                                             policy::kDefaultDatabaseAge);
  bool reported = false;
  bool untold = false;
  for (const Inventory& inventory : scanned->platforms) {
    auto explanation = matching::Explain(inventory, **database, flags.id);
    if (!explanation) return Complain(kCommand, explanation.error(), kExitIncomplete);
    if (stale) explanation->coverage.push_back(*stale);
    PrintVerdict(flags, *explanation);
    PrintRows(*explanation);
    if (Status status = PrintExceptions(flags.policy_files, *explanation); !status) {
      return Complain(kCommand, status.error(), kExitUsage);
    }
    reported = reported || !explanation->reported.empty();
    untold =
        untold || std::any_of(explanation->coverage.begin(), explanation->coverage.end(), IsUntold);
  }
  if (reported) return kExitPolicyFailed;
  return untold ? kExitIncomplete : kExitOk;
}

}  // namespace

void AddExplainCommand(CLI::App& parent, int& exit_code) {
  const auto flags = std::make_shared<ExplainFlags>();
  CLI::App* const app = parent.add_subcommand(
      "explain", "Why an image is reported to have a vulnerability, or why it is not.");
  app->add_option("IMAGE", flags->image,
                  "what `scan` takes: a registry reference, archive:FILE, oci:FOLDER, dir:FOLDER, "
                  "sbom:FILE, docker:NAME, podman:NAME")
      ->required();
  app->add_option("ID", flags->id, "CVE-2023-4911, GHSA-…, DSA-…: any name of it")->required();
  app->add_option("--platform", flags->platform,
                  "os/architecture[/variant] of an index (default: this machine's)");
  app->add_option("--image", flags->choice, "which image of an archive that holds several");
  app->add_flag("--dev", flags->dev, "with dir:FOLDER, packages for development, too");
  app->add_option("--db", flags->database, "folder of the advisory database");
  app->add_option("--policy", flags->policy_files,
                  "file with ScanPolicies whose exceptions are asked, too; may be repeated");
  app->add_option("--cacert", flags->registry.ca_file,
                  "PEM file of the authorities that registries' certificates are checked against");
  app->add_flag("--insecure", flags->registry.insecure, "do not check registries' certificates");
  app->add_option("--plain-http", flags->registry.plain_http,
                  "host[:port] of a registry without TLS (localhost needs no flag)");
  app->footer("Exit codes: 0 not reported; 1 reported; 2 bad usage; 3 it could not be told.");
  app->callback([flags, &exit_code] { exit_code = Run(*flags); });
}

}  // namespace landwaiter::cli
