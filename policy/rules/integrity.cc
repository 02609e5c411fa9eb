// The `integrity` rule: files of OS packages that are not what the package's own record says.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "lib/base/text.h"
#include "policy/image_pattern.h"
#include "policy/kinds.h"
#include "policy/schema_rules.h"

namespace landwaiter::policy {
namespace {

using nlohmann::json;

constexpr std::string_view kKind = "integrity";

struct IntegrityRule : RuleBody {
  std::vector<std::string> packages;  // globs; empty: all
  std::vector<std::string> paths;
  bool changed = true;
  bool missing = true;
  bool except_config = true;
};

constexpr std::string_view kChecks[] = {"Changed", "Missing"};

constexpr Field kIntegrityFields[] = {
    {.name = "packages",
     .type = FieldType::kTexts,
     .help = "Patterns over the names of packages that count; all where it is left out.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = kMaxPattern,
     .check = CheckGlob},
    {.name = "paths",
     .type = FieldType::kTexts,
     .help = "Patterns over the paths that count; all where it is left out.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = kMaxPattern,
     .check = CheckGlob},
    {.name = "check",
     .type = FieldType::kTexts,
     .help = "Changed: a file has another content than its package brought; Missing: it is not "
             "there. Both where it is left out.",
     .values = kChecks,
     .max_items = 2,
     .min_items = 1},
    {.name = "exceptConfig",
     .type = FieldType::kBoolean,
     .help = "Leaves out what the package itself calls a configuration file.",
     .default_json = "true"},
};
constexpr ObjectSchema kIntegrity = {kIntegrityFields};

bool AnyMatches(const std::vector<std::string>& patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return text::GlobMatch(pattern, text); });
}

bool Counts(const IntegrityRule& wanted, const IntegrityFound& found) {
  const bool checked = found.fault == IntegrityFault::kChanged ? wanted.changed : wanted.missing;
  return checked && !(found.config && wanted.except_config) &&
         (wanted.packages.empty() || AnyMatches(wanted.packages, found.package)) &&
         (wanted.paths.empty() || AnyMatches(wanted.paths, found.path));
}

std::shared_ptr<const RuleBody> Read(const json& value, const std::string& /*path*/,
                                     Complaints& /*complaints*/) {
  IntegrityRule read;
  read.packages = Texts(value, "packages");
  read.paths = Texts(value, "paths");
  for (std::string& path : read.paths) path.erase(0, path.find_first_not_of('/'));
  const std::vector<std::string> checks = Texts(value, "check");
  const auto has = [&](std::string_view check) {
    return checks.empty() || std::find(checks.begin(), checks.end(), check) != checks.end();
  };
  read.changed = has("Changed");
  read.missing = has("Missing");
  read.except_config = value.value("exceptConfig", true);
  return std::make_shared<const IntegrityRule>(std::move(read));
}

void Collects(const RuleBody& /*body*/, Collection& wanted) { wanted.integrity = true; }

Violation Found(const IntegrityFound& found) {
  const bool changed = found.fault == IntegrityFault::kChanged;
  Violation violation;
  violation.kind = kKind;
  violation.subject = "/" + Shown(found.path);
  violation.id = ViolationId(kKind, changed ? "Changed" : "Missing", found.package, found.path);
  violation.message = violation.subject + " of package " + Shown(found.package);
  if (changed) {
    violation.message += " is not as the package brought it (written by layer " +
                         std::to_string(found.layer + 1) + ")";
  } else {
    violation.message += " is missing";
  }
  return violation;
}

RuleOutcome Evaluate(const Rule& rule, const Facts& facts) {
  const auto& wanted = As<IntegrityRule>(rule);
  RuleOutcome outcome;
  for (const IntegrityFound& found : facts.platform->inventory->integrity) {
    if (Counts(wanted, found)) outcome.violations.push_back(Found(found));
  }
  outcome.unknown = CoverageGaps(*facts.platform, Need::kIntegrity);
  return outcome;
}

void Asks(const RuleBody& /*body*/, std::set<Fact>& facts) { facts.insert(Fact::kIntegrity); }

}  // namespace

extern constinit const RuleKind kIntegrityKind = {
    .name = "integrity",
    .help = "Files of the operating system's packages that are not as the package brought them.",
    .schema = &kIntegrity,
    .read = Read,
    .evaluate = Evaluate,
    .collects = Collects,
    .asks = Asks,
};

}  // namespace landwaiter::policy
