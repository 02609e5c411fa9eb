// The `secrets` rule: keys, tokens and passwords that the scan found in the image's files. Their
// values are not here: the scanner tells rule, place and the first characters alone.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "lib/base/text.h"
#include "model/secret_rules.h"
#include "policy/image_pattern.h"
#include "policy/kinds.h"
#include "policy/schema_rules.h"

namespace landwaiter::policy {
namespace {

using nlohmann::json;

constexpr std::string_view kKind = "secrets";

struct SecretsRule : RuleBody {
  std::vector<std::string> rules;  // globs over ids; empty: all
  std::vector<std::string> paths;
  std::vector<std::string> allow_paths;
  SecretConfidence min_confidence = SecretConfidence::kMedium;
  bool any_layer = false;
};

constexpr std::string_view kConfidences[] = {"Low", "Medium", "High"};
constexpr std::string_view kScopes[] = {"Final", "AnyLayer"};

constexpr Field kSecretsFields[] = {
    {.name = "rules",
     .type = FieldType::kTexts,
     .help = "Patterns over the ids of rules for secrets; all where it is left out.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = 64,
     .check = CheckGlob},
    {.name = "paths",
     .type = FieldType::kTexts,
     .help = "Patterns over the paths that count; all where it is left out.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = kMaxPattern,
     .check = CheckGlob},
    {.name = "allowPaths",
     .type = FieldType::kTexts,
     .help = "Patterns over paths that are left out.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = kMaxPattern,
     .check = CheckGlob},
    {.name = "minConfidence",
     .type = FieldType::kText,
     .help = "How sure a find must be to count: Low, Medium or High.",
     .default_json = R"("Medium")",
     .values = kConfidences},
    {.name = "scope",
     .type = FieldType::kText,
     .help = "Final: files that a container sees; AnyLayer: also what a later layer deletes or "
             "overwrites, which whoever pulls the image has all the same.",
     .default_json = R"("Final")",
     .values = kScopes},
};
constexpr ObjectSchema kSecrets = {kSecretsFields};

std::vector<std::string> Paths(const json& value, const char* field) {
  std::vector<std::string> paths = Texts(value, field);
  for (std::string& path : paths) path.erase(0, path.find_first_not_of('/'));
  return paths;
}

bool AnyMatches(const std::vector<std::string>& patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return text::GlobMatch(pattern, text); });
}

bool Counts(const SecretsRule& wanted, const SecretFound& secret) {
  return secret.confidence >= wanted.min_confidence && (secret.final || wanted.any_layer) &&
         (wanted.rules.empty() || AnyMatches(wanted.rules, secret.rule)) &&
         (wanted.paths.empty() || AnyMatches(wanted.paths, secret.path)) &&
         !AnyMatches(wanted.allow_paths, secret.path);
}

std::shared_ptr<const RuleBody> Read(const json& value, const std::string& /*path*/,
                                     Complaints& /*complaints*/) {
  SecretsRule read;
  read.rules = Texts(value, "rules");
  read.paths = Paths(value, "paths");
  read.allow_paths = Paths(value, "allowPaths");
  const std::string confidence = value.value("minConfidence", "Medium");
  read.min_confidence = confidence == "Low"    ? SecretConfidence::kLow
                        : confidence == "High" ? SecretConfidence::kHigh
                                               : SecretConfidence::kMedium;
  read.any_layer = value.value("scope", "Final") == "AnyLayer";
  return std::make_shared<const SecretsRule>(std::move(read));
}

void Collects(const RuleBody& /*body*/, Collection& wanted) {
  wanted.secrets = kSecretRulesVersion;
}

Violation Found(const SecretFound& secret) {
  const std::string place = "/" + Shown(secret.path) + ":" + std::to_string(secret.line);
  Violation violation;
  violation.kind = kKind;
  violation.subject = "/" + Shown(secret.path);
  violation.id =
      ViolationId(kKind, secret.rule, {}, secret.path + ":" + std::to_string(secret.line));
  violation.message =
      place + " holds a secret: " + Shown(secret.rule) + " (" + Shown(secret.redacted) + ")";
  if (!secret.final) {
    violation.message +=
        ", in layer " + std::to_string(secret.layer + 1) + ", though not in the final image";
  }
  return violation;
}

RuleOutcome Evaluate(const Rule& rule, const Facts& facts) {
  const auto& wanted = As<SecretsRule>(rule);
  RuleOutcome outcome;
  for (const SecretFound& secret : facts.platform->inventory->secrets) {
    if (Counts(wanted, secret)) outcome.violations.push_back(Found(secret));
  }
  outcome.unknown = CoverageGaps(*facts.platform, Need::kSecrets);
  return outcome;
}

void Asks(const RuleBody& /*body*/, std::set<Fact>& facts) { facts.insert(Fact::kSecrets); }

}  // namespace

extern constinit const RuleKind kSecretsKind = {
    .name = "secrets",
    .help = "Keys, tokens and passwords in the image's files.",
    .schema = &kSecrets,
    .read = Read,
    .evaluate = Evaluate,
    .collects = Collects,
    .asks = Asks,
};

}  // namespace landwaiter::policy
