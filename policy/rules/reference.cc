// The `reference` rule: what is asked of the name an image is pulled by. No scan needed.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/text.h"
#include "policy/formats.h"
#include "policy/image_pattern.h"
#include "policy/kinds.h"
#include "policy/schema_rules.h"

namespace landwaiter::policy {
namespace {

using nlohmann::json;

/// Decided by the reference alone, before any scan.
struct ReferenceRule : RuleBody {
  std::vector<std::string> registries;    // globs over host[:port]; others are violations
  std::vector<std::string> repositories;  // image patterns without a tag; others are violations
  std::vector<std::string> denied_tags;   // globs
  bool tag_required = false;
  bool digest_required = false;
};

constexpr Field kReferenceFields[] = {
    {.name = "registries",
     .type = FieldType::kTexts,
     .help = "Fires when the registry's host[:port] matches none of these patterns.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = kMaxPattern,
     .check = CheckGlob},
    {.name = "repositories",
     .type = FieldType::kTexts,
     .help = "Fires when host/path matches none of these patterns (as match.images, without tags).",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = kMaxPattern,
     .check = CheckRepositoryPattern},
    {.name = "deniedTags",
     .type = FieldType::kTexts,
     .help = "Fires when the tag matches one of these patterns; no tag is latest. A pull by digest "
             "has no tag.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = 128,
     .check = CheckGlob},
    {.name = "tagRequired",
     .type = FieldType::kBoolean,
     .help = "Fires when neither tag nor digest is written."},
    {.name = "digestRequired",
     .type = FieldType::kBoolean,
     .help = "Fires when no digest is written."},
};
constexpr ObjectSchema kReference = {.fields = kReferenceFields, .min_fields = 1};

void Violate(RuleOutcome& outcome, std::string_view subject, std::string message) {
  Violation violation;
  violation.kind = "reference";
  violation.subject = subject;
  violation.id = ViolationId(violation.kind, subject);
  violation.message = std::move(message);
  outcome.violations.push_back(std::move(violation));
}

/// At most three of a list that may have 64 entries.
std::string Some(const std::vector<std::string>& list) {
  constexpr std::size_t kMost = 3;
  std::string some;
  for (std::size_t i = 0; i < list.size() && i < kMost; ++i) {
    some += (i > 0 ? ", " : "") + Shown(list[i]);
  }
  if (list.size() > kMost) some += " and " + std::to_string(list.size() - kMost) + " more";
  return some;
}

bool RegistryMatches(std::string_view pattern, const ImageReference& reference) {
  return text::GlobMatch(CanonicalHost(text::ToLower(pattern)), CanonicalHost(reference.registry));
}

std::shared_ptr<const RuleBody> Read(const json& value, const std::string& path,
                                     Complaints& complaints) {
  ReferenceRule read;
  read.registries = Texts(value, "registries");
  for (std::size_t i = 0; i < read.registries.size(); ++i) {
    if (read.registries[i].find('/') == std::string::npos) continue;
    complaints.Add(path + ".registries[" + std::to_string(i) + "]",
                   "'" + Shown(read.registries[i]) +
                       "' has a path, expected host[:port]; paths are what repositories is for");
  }
  read.repositories = Texts(value, "repositories");
  read.denied_tags = Texts(value, "deniedTags");
  read.tag_required = value.value("tagRequired", false);
  read.digest_required = value.value("digestRequired", false);
  return std::make_shared<const ReferenceRule>(std::move(read));
}

RuleOutcome Evaluate(const Rule& rule, const Facts& facts) {
  const auto& wanted = As<ReferenceRule>(rule);
  const ImageReference& reference = *facts.reference;
  RuleOutcome outcome;
  const auto none = [&](const std::vector<std::string>& patterns, auto matches) {
    return !patterns.empty() &&
           std::none_of(patterns.begin(), patterns.end(),
                        [&](const std::string& pattern) { return matches(pattern, reference); });
  };
  if (none(wanted.registries, RegistryMatches)) {
    Violate(outcome, "registry " + reference.registry,
            "registry " + Shown(reference.registry) + " is not among those allowed (" +
                Some(wanted.registries) + ")");
  }
  if (none(wanted.repositories, RepositoryPatternMatches)) {
    Violate(outcome, "repository " + reference.Name(),
            "repository " + Shown(reference.Name()) + " is not among those allowed (" +
                Some(wanted.repositories) + ")");
  }
  // With a digest the tag decides nothing: the digest is pulled.
  const bool by_tag = !reference.digest;
  const bool denied = by_tag && std::any_of(wanted.denied_tags.begin(), wanted.denied_tags.end(),
                                            [&](const std::string& pattern) {
                                              return text::GlobMatch(pattern, reference.tag);
                                            });
  if (denied) {
    Violate(outcome, "tag " + reference.tag,
            "tag " + Shown(reference.tag) + " is denied" +
                (reference.tag_defaulted ? " (no tag is written, so latest is pulled)" : ""));
  }
  if (wanted.tag_required && by_tag && reference.tag_defaulted) {
    Violate(outcome, "no tag", "neither tag nor digest is written");
  }
  if (wanted.digest_required && by_tag) {
    Violate(outcome, "no digest",
            "no digest is written, expected " + Shown(reference.Name()) + "@sha256:…");
  }
  return outcome;
}

}  // namespace

extern constinit const RuleKind kReferenceKind = {
    .name = "reference",
    .help =
        "Demands on the reference the image is pulled by; each broken one is a violation. "
        "Needs no scan.",
    .schema = &kReference,
    .needs_scan = false,
    .read = Read,
    .evaluate = Evaluate,
};

}  // namespace landwaiter::policy
