// The `licenses` rule: what the records of packages say of their licenses, as SPDX expressions. Of
// "A OR B" the better side may be chosen; "A AND B" binds to both; WITH makes another license.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "lib/base/text.h"
#include "policy/formats.h"
#include "policy/kinds.h"
#include "policy/rules/package_selector.h"
#include "policy/schema_rules.h"
#include "policy/spdx.h"

namespace landwaiter::policy {
namespace {

using nlohmann::json;

constexpr std::string_view kKind = "licenses";
constexpr std::size_t kMaxLicenses = 256;
constexpr std::string_view kCountOrIgnore[] = {"Count", "Ignore"};
constexpr std::string_view kWith = " WITH ";

struct LicenseRule : RuleBody {
  std::vector<std::string> denied;                  // patterns over LicenseTerm::ToString()
  std::optional<std::vector<std::string>> allowed;  // the same
  bool unknown_counts = true;
  PackageSelector packages;
};

/// "MIT", "GPL-2.0-only WITH Classpath-exception-2.0", "AGPL-*", "GPL-* WITH *": as the list writes
/// them. Errors: InvalidArgument.
Result<std::string> Normalised(std::string_view text) {
  if (text.find('*') == std::string_view::npos) {
    auto expression = ParseLicenseExpression(text);
    if (!expression) return std::move(expression).error();
    if (expression->terms().size() != 1) {
      return InvalidArgument("names several licenses: write each by itself");
    }
    return expression->terms().front().ToString();
  }
  const auto good = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of(
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTU"
                                "VWXYZ0123456789.-+:*") == part.npos;
  };
  const auto with = text.find(kWith);
  const bool fits = with == std::string_view::npos
                        ? good(text)
                        : good(text.substr(0, with)) && good(text.substr(with + kWith.size()));
  if (fits) return std::string(text);
  return InvalidArgument(
      "is no pattern over SPDX identifiers, expected e.g. AGPL-* or "
      "GPL-* WITH *");
}

Status CheckLicense(std::string_view text) {
  auto normalised = Normalised(text);
  if (normalised) return Ok();
  return InvalidArgument("'" + Shown(text) + "': " + normalised.error().message);
}

constexpr Field kLicenseFields[] = {
    {.name = "denied",
     .type = FieldType::kTexts,
     .help = "Fires for a package that cannot be had without one of these: SPDX identifiers, with "
             "WITH where an exception is meant, or patterns over them (AGPL-*, GPL-* WITH *).",
     .max_items = kMaxLicenses,
     .min_items = 1,
     .max_length = 128,
     .check = CheckLicense},
    {.name = "allowed",
     .type = FieldType::kTexts,
     .help = "Fires for a package that cannot be had with these alone.",
     .max_items = kMaxLicenses,
     .min_items = 1,
     .max_length = 128,
     .check = CheckLicense},
    {.name = "unknown",
     .type = FieldType::kText,
     .help = "Whether the rule fires for a package whose record says no license, or none that is "
             "known. Counts where this is left out.",
     .values = kCountOrIgnore},
    {.name = "packages",
     .type = FieldType::kObject,
     .help = "Only these packages.",
     .object = &kPackageSelector},
};
constexpr ObjectSchema kLicenses = {.fields = kLicenseFields, .min_fields = 1};

/// A pattern without WITH means the license without an exception, whatever '*' is in it.
bool Means(const std::string& pattern, const LicenseTerm& term) {
  const auto with = pattern.find(kWith);
  const auto matches = [](std::string_view glob, std::string_view id) {
    return text::GlobMatch(text::ToLower(glob), text::ToLower(id));
  };
  if (with == std::string::npos) return term.exception.empty() && matches(pattern, term.id);
  const std::string_view whole = pattern;
  return !term.exception.empty() && matches(whole.substr(0, with), term.id) &&
         matches(whole.substr(with + kWith.size()), term.exception);
}

bool AnyMeans(const std::vector<std::string>& patterns, const LicenseTerm& term) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return Means(pattern, term); });
}

/// What a record says: fires, does not, or says nothing.
enum class Says { kGood, kBad, kNothing };

Says Judge(const LicenseRule& rule, const std::string& license) {
  const auto expression = ParsePackageLicense(license);
  if (!expression) return Says::kNothing;
  const auto denied = [&](const LicenseTerm& term) { return AnyMeans(rule.denied, term); };
  if (expression->Unavoidable(denied)) return Says::kBad;
  if (!rule.allowed) return Says::kGood;
  // The side of a choice that is allowed must not be the one that is denied.
  const auto good = [&](const LicenseTerm& term) {
    return AnyMeans(*rule.allowed, term) && !denied(term);
  };
  return expression->Holds(good) ? Says::kGood : Says::kBad;
}

/// A record with several texts means all of them; Composer's means one of them (composer.json
/// schema, "license").
Says Judge(const LicenseRule& rule, const Package& package,
           std::map<std::string, Says, std::less<>>& memory) {
  const bool choice = package.type == "composer";
  std::size_t bad = 0;
  std::size_t nothing = 0;
  for (const std::string& license : package.licenses) {
    auto found = memory.find(license);
    if (found == memory.end()) found = memory.emplace(license, Judge(rule, license)).first;
    if (found->second == Says::kBad) ++bad;
    if (found->second == Says::kNothing) ++nothing;
  }
  const std::size_t good = package.licenses.size() - bad - nothing;
  if (choice && good > 0) return Says::kGood;
  if (bad > 0 && (!choice || nothing == 0)) return Says::kBad;
  return nothing > 0 || package.licenses.empty() ? Says::kNothing : Says::kGood;
}

Violation ToViolation(const Package& package, Says says) {
  const std::string purl = package.purl.empty()
                               ? package.type + "/" + package.name + "@" + package.version
                               : package.purl;
  std::string licenses;
  for (const std::string& license : package.licenses) {
    licenses += (licenses.empty() ? "" : ", ") + ("'" + Shown(license) + "'");
  }
  Violation violation;
  violation.kind = kKind;
  violation.subject = package.name;
  violation.id = ViolationId(kKind, package.name, purl, package.path);
  violation.message = Shown(package.name) + " " + Shown(package.version);
  if (package.licenses.empty()) {
    violation.message += " names no license";
  } else {
    violation.message += " has license " + licenses +
                         (says == Says::kBad ? ", which is not allowed" : ", which is not known");
  }
  return violation;
}

std::vector<std::string> Licenses(const json& value, const char* field) {
  std::vector<std::string> licenses;
  for (const std::string& text : Texts(value, field)) {
    auto normalised = Normalised(text);
    if (normalised) licenses.push_back(*std::move(normalised));  // CheckLicense refused the others
  }
  return licenses;
}

std::shared_ptr<const RuleBody> Read(const json& value, const std::string& path,
                                     Complaints& complaints) {
  LicenseRule read;
  read.denied = Licenses(value, "denied");
  if (value.contains("allowed")) read.allowed = Licenses(value, "allowed");
  read.unknown_counts = value.value("unknown", "Count") == "Count";
  read.packages = ReadPackageSelector(value);
  if (read.denied.empty() && !read.allowed && !value.contains("unknown")) {
    complaints.Add(path, "asks nothing: write at least one of denied, allowed and unknown");
  }
  return std::make_shared<const LicenseRule>(std::move(read));
}

RuleOutcome Evaluate(const Rule& rule, const Facts& facts) {
  const auto& wanted = As<LicenseRule>(rule);
  RuleOutcome outcome;
  std::map<std::string, Says, std::less<>> memory;
  for (const Package& package : facts.platform->inventory->packages) {
    if (!Selects(wanted.packages, package)) continue;
    const Says says = Judge(wanted, package, memory);
    if (says == Says::kGood || (says == Says::kNothing && !wanted.unknown_counts)) continue;
    if (facts.exceptions->ExcusesPackage(rule.name, package.name, package.type, package.path))
      continue;
    outcome.violations.push_back(ToViolation(package, says));
  }
  for (std::string& gap : CoverageGaps(*facts.platform, Need::kPackages)) {
    outcome.unknown.push_back(std::move(gap));
  }
  return outcome;
}

}  // namespace

extern constinit const RuleKind kLicensesKind = {
    .name = "licenses",
    .help = "Demands on the licenses that the records of packages name, as SPDX expressions.",
    .schema = &kLicenses,
    .read = Read,
    .evaluate = Evaluate,
};

}  // namespace landwaiter::policy
