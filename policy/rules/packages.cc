// The `packages` rule: packages that must not, or must, be in the image. Versions are compared in
// the scheme of the package's type; one that the scheme cannot read leaves the question open.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "policy/formats.h"
#include "policy/image_pattern.h"
#include "policy/kinds.h"
#include "policy/schema_rules.h"
#include "scanner/versions/scheme.h"

namespace landwaiter::policy {
namespace {

using nlohmann::json;
using versions::Scheme;

struct PackageRequirement {
  std::string name;      // glob
  std::string type;      // "" is any
  std::string versions;  // range in the words of the type's version scheme, "" is any
};

struct PackageRule : RuleBody {
  std::vector<PackageRequirement> denied;
  std::vector<PackageRequirement> required;
};

constexpr std::size_t kMaxRequirements = 64;

constexpr Field kPackageRequirementFields[] = {
    {.name = "name",
     .type = FieldType::kText,
     .help = "A pattern over the package's name.",
     .required = true,
     .max_length = kMaxPattern,
     .check = CheckGlob},
    {.name = "type",
     .type = FieldType::kText,
     .help = "The package's type; any where it is left out.",
     .values = kTypes},
    {.name = "versions",
     .type = FieldType::kText,
     .help = "A range as the type's version scheme writes it: '<3.0.11-1', '>=4.17 <4.17.21', "
             "'~=2.31'. Needs type.",
     .max_length = kMaxPattern,
     .check = CheckNotBlank},
};
constexpr ObjectSchema kPackageRequirement = {kPackageRequirementFields};

constexpr Field kPackageFields[] = {
    {.name = "denied",
     .type = FieldType::kObjects,
     .help = "Fires when one of these packages is present.",
     .max_items = kMaxRequirements,
     .min_items = 1,
     .object = &kPackageRequirement},
    {.name = "required",
     .type = FieldType::kObjects,
     .help = "Fires when one of these packages is not present.",
     .max_items = kMaxRequirements,
     .min_items = 1,
     .object = &kPackageRequirement},
};
constexpr ObjectSchema kPackages = {.fields = kPackageFields, .min_fields = 1};

constexpr std::string_view kKind = "packages";

/// Types whose scheme has another name than theirs; the others are known by their own.
constexpr std::pair<std::string_view, Scheme> kSchemes[] = {
    {"opkg", Scheme::kDpkg},
    {"swift", Scheme::kSemver},
};

/// nullopt for types whose versions have no order that is known: conda, generic, luarocks, …
std::optional<Scheme> SchemeOf(std::string_view type) {
  for (const auto& [name, scheme] : kSchemes) {
    if (name == type) return scheme;
  }
  return versions::ParseScheme(type);
}

/// A version that every reader of the scheme takes: the range alone is to be judged.
std::string_view SampleVersion(Scheme scheme) { return scheme == Scheme::kGo ? "v1.0.0" : "1.0.0"; }

enum class Fits { kNo, kOpen, kYes };

Fits VersionFits(const PackageRequirement& wanted, const Package& package, std::string& why) {
  if (wanted.versions.empty()) return Fits::kYes;
  const auto scheme = SchemeOf(package.type);
  const auto open = [&](const std::string& message) {
    why = "version of " + Shown(package.name) + ": " + Shown(message);
    return Fits::kOpen;
  };
  if (!scheme) return open("type '" + package.type + "' has no version scheme");
  // Satisfies() says "in no range" of a version that npm and PEP 440 cannot read; a policy must not
  // take that for an answer.
  if (const Status valid = versions::Validate(*scheme, package.version); !valid) {
    return open(valid.error().message);
  }
  const auto satisfied = versions::Satisfies(*scheme, wanted.versions, package.version,
                                             {.loose = true, .include_prerelease = true});
  if (!satisfied) return open(satisfied.error().message);
  return *satisfied ? Fits::kYes : Fits::kNo;
}

bool NameFits(const PackageRequirement& wanted, const Package& package) {
  return (wanted.type.empty() || wanted.type == package.type) &&
         PackageNameMatches(wanted.name, package.name, package.type);
}

std::string Describe(const PackageRequirement& wanted) {
  std::string text = wanted.type.empty() ? "" : wanted.type + " ";
  text += Shown(wanted.name);
  if (!wanted.versions.empty()) text += " " + Shown(wanted.versions);
  return text;
}

Violation Denied(const PackageRequirement& wanted, const Package& package) {
  const std::string purl = package.purl.empty()
                               ? package.type + "/" + package.name + "@" + package.version
                               : package.purl;
  Violation violation;
  violation.kind = kKind;
  violation.subject = package.name;
  violation.id = ViolationId(kKind, package.name, purl, package.path);
  violation.message = Shown(package.name) + " " + Shown(package.version) + " is present, denied (" +
                      Describe(wanted) + ")";
  return violation;
}

void CheckDenied(const Rule& rule, const PackageRequirement& wanted, const Facts& facts,
                 RuleOutcome& outcome) {
  for (const Package& package : facts.platform->inventory->packages) {
    if (!NameFits(wanted, package)) continue;
    std::string why;
    const Fits fits = VersionFits(wanted, package, why);
    if (fits == Fits::kNo ||
        facts.exceptions->ExcusesPackage(rule.name, package.name, package.type, package.path)) {
      continue;
    }
    if (fits == Fits::kOpen) {
      outcome.unknown.push_back(why);
    } else {
      outcome.violations.push_back(Denied(wanted, package));
    }
  }
}

/// True where nothing more needs to be known: a package that fits is there.
bool CheckRequired(const Rule& rule, const PackageRequirement& wanted, const Facts& facts,
                   RuleOutcome& outcome) {
  std::string found;
  std::string open;
  for (const Package& package : facts.platform->inventory->packages) {
    if (!NameFits(wanted, package)) continue;
    std::string why;
    const Fits fits = VersionFits(wanted, package, why);
    if (fits == Fits::kYes) return true;
    if (fits == Fits::kOpen) open = why;
    found = package.version;
  }
  if (facts.exceptions->ExcusesPackage(rule.name, wanted.name, wanted.type, {})) return true;
  if (!open.empty()) {
    outcome.unknown.push_back(open);
    return false;
  }
  // What was not read may hold it: then it is not known to be missing.
  if (!CoverageGaps(*facts.platform, Need::kPackages).empty()) return false;
  Violation violation;
  violation.kind = kKind;
  violation.subject = "required " + Describe(wanted);
  violation.id = ViolationId(kKind, violation.subject);
  violation.message = "required package " + Describe(wanted) + " is not present" +
                      (found.empty() ? "" : " (found " + Shown(found) + ")");
  outcome.violations.push_back(std::move(violation));
  return false;
}

std::vector<PackageRequirement> Requirements(const json& value, const char* field,
                                             const std::string& path, Complaints& complaints) {
  std::vector<PackageRequirement> requirements;
  const auto found = value.find(field);
  if (found == value.end()) return requirements;
  for (std::size_t i = 0; i < found->size(); ++i) {
    const json& item = (*found)[i];
    PackageRequirement wanted{item["name"].get<std::string>(), item.value("type", ""),
                              item.value("versions", "")};
    const std::string at = path + "." + field + "[" + std::to_string(i) + "].versions";
    if (!wanted.versions.empty()) {
      const auto scheme = SchemeOf(wanted.type);
      if (!scheme && !wanted.type.empty()) {
        complaints.Add(at, "cannot be asked of type " + wanted.type +
                               ": its versions have no order that is known");
      } else if (!scheme) {
        complaints.Add(at, "needs type beside it: each type orders its versions differently");
      } else if (const auto range =
                     versions::Satisfies(*scheme, wanted.versions, SampleVersion(*scheme));
                 !range) {
        complaints.Add(at, Shown(range.error().message));
      }
    }
    requirements.push_back(std::move(wanted));
  }
  return requirements;
}

std::shared_ptr<const RuleBody> Read(const json& value, const std::string& path,
                                     Complaints& complaints) {
  PackageRule read;
  read.denied = Requirements(value, "denied", path, complaints);
  read.required = Requirements(value, "required", path, complaints);
  return std::make_shared<const PackageRule>(std::move(read));
}

RuleOutcome Evaluate(const Rule& rule, const Facts& facts) {
  const auto& wanted = As<PackageRule>(rule);
  RuleOutcome outcome;
  bool settled = wanted.denied.empty();
  for (const PackageRequirement& denied : wanted.denied) CheckDenied(rule, denied, facts, outcome);
  for (const PackageRequirement& required : wanted.required) {
    if (!CheckRequired(rule, required, facts, outcome)) settled = false;
  }
  if (settled) return outcome;
  for (std::string& gap : CoverageGaps(*facts.platform, Need::kPackages)) {
    outcome.unknown.push_back(std::move(gap));
  }
  return outcome;
}

}  // namespace

extern constinit const RuleKind kPackagesKind = {
    .name = "packages",
    .help = "Packages that must not, or must, be in the image.",
    .schema = &kPackages,
    .read = Read,
    .evaluate = Evaluate,
};

}  // namespace landwaiter::policy
