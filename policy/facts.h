// What a rule is evaluated on, and what it answers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "model/finding.h"
#include "model/inventory.h"
#include "model/verdict.h"
#include "policy/evaluate.h"
#include "policy/exceptions.h"

namespace landwaiter::policy {

/// One platform of the content, or one reference: the pointers that do not apply are null.
struct Facts {
  const PlatformContent* platform = nullptr;
  const ImageReference* reference = nullptr;
  const Collection* collected = nullptr;  // never null where `platform` is not
  ExceptionBook* exceptions = nullptr;    // never null
  const BaseBook* bases = nullptr;        // ContentInput's
  TimePoint now{};
  std::optional<TimePoint> database_built_at;
  /// Why vulnerability rules cannot be decided by this database; "" where they can.
  std::string database_gap;
};

/// That a rule will fire, if nothing changes but the time.
struct ComesDue {
  TimePoint from;
  std::string message;  // what for: as a violation's
};

struct RuleOutcome {
  std::vector<Violation> violations;  // worst first; `rule` and `fails` are filled in by the caller
  std::vector<std::string> unknown;
  std::optional<ComesDue> due = {};  // of a rule that does not fire
};

/// Which lines of coverage a rule depends on.
enum class Need {
  kConfig,
  kSystem,    // which operating system it is
  kPackages,  // all but the configuration and what was collected
  kFindings,
  kLanguageFindings,  // all packages, but advisories for languages' alone
  kFiles,
  kPasswd,
  kSecrets,
  kMalware,
  kIntegrity,
};
/// One line for each that is not Read: "coverage dpkg is Failed: …".
std::vector<std::string> CoverageGaps(const PlatformContent& platform, Need need);

/// Why a rule is not decided whose facts no scan has looked for yet.
inline constexpr std::string_view kNotCollected =
    "NotCollected: the scan did not look for what the rule is about; a cluster scans the image "
    "again, "
    "and folders and SBOMs cannot be looked at for it";

/// kind, subject, package URL and path: stable whatever the wording of messages.
std::string ViolationId(std::string_view kind, std::string_view subject, std::string_view purl = {},
                        std::string_view path = {});
/// Of a finding that breaks a rule about vulnerabilities.
std::string ViolationId(const Finding& finding);
/// Text from an image, fit for one line.
std::string Shown(std::string_view text);

/// A glob over package names; PyPI's names are compared as PEP 503 normalises them.
bool PackageNameMatches(std::string_view pattern, std::string_view name, std::string_view type);

}  // namespace landwaiter::policy
