// The `coverage` rule: what could not be looked at, or is older than wanted, as violations of its
// own. Other rules are undecided there and onIncomplete answers; this one says Fail or Warn.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "model/secret_rules.h"
#include "policy/formats.h"
#include "policy/kinds.h"

namespace landwaiter::policy {
namespace {

using nlohmann::json;

constexpr std::string_view kKind = "coverage";
constexpr std::string_view kAreas[] = {"OSPackages", "LanguagePackages", "Configuration",
                                       "Advisories", "Licenses",         "Secrets",
                                       "Malware",    "Integrity"};

struct CoverageRule : RuleBody {
  std::vector<std::string> require;  // of kAreas
  std::optional<std::chrono::milliseconds> max_database_age;
};

constexpr Field kCoverageFields[] = {
    {.name = "require",
     .type = FieldType::kTexts,
     .help = "Fires when one of these could not be looked at, or not whole: the operating system "
             "and its packages, languages' packages, the image's configuration, advisories for "
             "all packages that were found, the licenses of all of them, secrets in files, malware "
             "in files, OS packages' files against their records. The last three are then looked "
             "for.",
     .values = kAreas,
     .max_items = 16,
     .min_items = 1},
    {.name = "maxDatabaseAge",
     .type = FieldType::kText,
     .help = "Fires when the advisory database is older, or nobody knows how old: 48h, 7d.",
     .max_length = 32,
     .check = CheckDuration},
};
constexpr ObjectSchema kCoverage = {.fields = kCoverageFields, .min_fields = 1};

/// Lines of an inventory's coverage that are about the operating system.
constexpr std::string_view kSystemSources[] = {"os",   "apk",    "chisel",  "content-sets", "dpkg",
                                               "opkg", "pacman", "portage", "rpm"};

/// What is looked for only where a policy asks for it.
struct CollectedArea {
  std::string_view area;
  std::string_view source;  // of the inventory's line of coverage
  bool (*has)(const Collection& collected);
  void (*ask)(Collection& wanted);
};
constexpr CollectedArea kCollectedAreas[] = {
    {"Secrets", "secrets", [](const Collection& c) { return c.secrets != 0; },
     [](Collection& c) { c.secrets = kSecretRulesVersion; }},
    {"Malware", "malware", [](const Collection& c) { return c.malware; },
     [](Collection& c) { c.malware = true; }},
    {"Integrity", "integrity", [](const Collection& c) { return c.integrity; },
     [](Collection& c) { c.integrity = true; }},
};

/// "" for what is collected and no area of its own: the facts of files that rules ask for.
std::string_view AreaOf(const Coverage& line) {
  if (line.source == "config") return "Configuration";
  if (line.source == "files" || line.source == "passwd") return "";
  for (const CollectedArea& one : kCollectedAreas) {
    if (line.source == one.source) return one.area;
  }
  const bool system = std::find(std::begin(kSystemSources), std::end(kSystemSources),
                                line.source) != std::end(kSystemSources);
  return system ? "OSPackages" : "LanguagePackages";
}

void Violate(RuleOutcome& outcome, std::string_view area, std::string_view source,
             std::string message) {
  Violation violation;
  violation.kind = kKind;
  violation.subject = std::string(area) + (source.empty() ? "" : " " + Shown(source));
  violation.id = ViolationId(kKind, area, source);
  violation.message = std::move(message);
  outcome.violations.push_back(std::move(violation));
}

void AddGap(const Coverage& line, std::string_view area, RuleOutcome& outcome) {
  if (line.state == CoverageState::kRead) return;
  Violate(outcome, area, line.source,
          std::string(area) + ": " + Shown(line.source) + " is " +
              std::string(CoverageStateName(line.state)) +
              (line.reason.empty() ? "" : ": " + Shown(line.reason)));
}

std::shared_ptr<const RuleBody> Read(const json& value, const std::string&, Complaints&) {
  CoverageRule read;
  read.require = Texts(value, "require");
  if (const auto age = value.find("maxDatabaseAge"); age != value.end()) {
    const auto duration = ParseDuration(age->get<std::string>());
    if (duration) read.max_database_age = *duration;  // CheckDuration has refused all others
  }
  return std::make_shared<const CoverageRule>(std::move(read));
}

bool Requires(const CoverageRule& rule, std::string_view area) {
  return std::find(rule.require.begin(), rule.require.end(), area) != rule.require.end();
}

void Collects(const RuleBody& body, Collection& wanted) {
  for (const CollectedArea& one : kCollectedAreas) {
    if (Requires(static_cast<const CoverageRule&>(body), one.area)) one.ask(wanted);
  }
}

/// Not looked for, and no line that says why: that the image is to be scanned again is no fault of
/// it, nor does it pass.
void CheckCollected(const CoverageRule& rule, const Facts& facts, RuleOutcome& outcome) {
  const auto& lines = facts.platform->inventory->coverage;
  for (const CollectedArea& one : kCollectedAreas) {
    if (!Requires(rule, one.area) || one.has(*facts.collected)) continue;
    const bool told = std::any_of(lines.begin(), lines.end(), [&](const Coverage& line) {
      return line.source == one.source && line.state != CoverageState::kRead;
    });
    if (!told) outcome.unknown.push_back(std::string(one.area) + ": " + std::string(kNotCollected));
  }
}

/// A package's record says nothing of its license (dpkg's never does), so nobody has looked.
void CheckLicenses(const Inventory& inventory, RuleOutcome& outcome) {
  for (const Coverage& line : inventory.coverage) {
    const std::string_view area = AreaOf(line);
    if (area == "OSPackages" || area == "LanguagePackages") AddGap(line, "Licenses", outcome);
  }
  std::map<std::string_view, std::pair<std::size_t, std::string_view>> without;  // by source
  for (const Package& package : inventory.packages) {
    if (!package.licenses.empty()) continue;
    const auto [at, added] = without.try_emplace(package.found_by, 0, package.name);
    ++at->second.first;
  }
  for (const auto& [source, found] : without) {
    Violate(outcome, "Licenses", source,
            "Licenses: " + std::to_string(found.first) +
                (found.first == 1 ? " package of " : " packages of ") + Shown(source) +
                (found.first == 1 ? " has" : " have") + " none on record, the first is " +
                Shown(found.second));
  }
}

RuleOutcome Evaluate(const Rule& rule, const Facts& facts) {
  const auto& wanted = As<CoverageRule>(rule);
  const auto requires_area = [&](std::string_view area) { return Requires(wanted, area); };
  RuleOutcome outcome;
  CheckCollected(wanted, facts, outcome);
  if (requires_area("Licenses")) CheckLicenses(*facts.platform->inventory, outcome);
  for (const Coverage& line : facts.platform->inventory->coverage) {
    if (requires_area(AreaOf(line))) AddGap(line, AreaOf(line), outcome);
  }
  if (requires_area("Advisories")) {
    if (facts.platform->coverage != nullptr) {
      for (const Coverage& line : *facts.platform->coverage) AddGap(line, "Advisories", outcome);
    }
    if (facts.platform->findings == nullptr) {
      Violate(outcome, "Advisories", "", "Advisories: the packages were not matched with any");
    }
  }
  if (!wanted.max_database_age) return outcome;
  const auto& built = facts.database_built_at;
  if (!built) {
    Violate(outcome, "database", "", "the age of the advisory database is not known");
  } else if (const TimePoint from = *built + *wanted.max_database_age; facts.now > from) {
    Violate(outcome, "database", "",
            "the advisory database is of " + FormatTime(*built) + ", older than maxDatabaseAge");
  }
  return outcome;
}

bool JudgedByTime(const RuleBody& body) {
  return static_cast<const CoverageRule&>(body).max_database_age.has_value();
}

}  // namespace

extern constinit const RuleKind kCoverageKind = {
    .name = "coverage",
    .help = "Fires when what is asked for was not looked at; each gap is a violation.",
    .schema = &kCoverage,
    .read = Read,
    .evaluate = Evaluate,
    .judges_by_time = JudgedByTime,
    .collects = Collects,
    .judges_uncollected = true,
};

}  // namespace landwaiter::policy
