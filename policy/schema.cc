#include "policy/schema.h"

#include <vector>

#include "policy/formats.h"
#include "policy/image_pattern.h"
#include "policy/schema_rules.h"

namespace landwaiter::policy {
namespace {

constexpr std::size_t kMaxRules = 64;
constexpr std::size_t kMaxExceptions = 256;
constexpr std::size_t kMaxLabelKey = 317;  // 253 of prefix, '/', 63 of name
constexpr std::size_t kMaxLabelValue = 63;

constexpr std::string_view kEnforcements[] = {"Enforce", "Warn", "Audit"};
constexpr std::string_view kUnscanned[] = {"Deny", "Warn", "Allow", "Hold"};
constexpr std::string_view kIncomplete[] = {"Deny", "Warn", "Allow"};
constexpr std::string_view kRunning[] = {"Allow", "Judge"};
constexpr std::string_view kSeverities[] = {"Critical", "High", "Medium", "Low", "Negligible"};
constexpr std::string_view kOperators[] = {"In", "NotIn", "Exists", "DoesNotExist"};

constexpr Field kRequirementFields[] = {
    {.name = "key",
     .type = FieldType::kText,
     .help = "The label's key.",
     .required = true,
     .max_length = kMaxLabelKey,
     .check = CheckLabelKey},
    {.name = "operator",
     .type = FieldType::kText,
     .help = "In and NotIn need values, Exists and DoesNotExist have none. NotIn also selects "
             "what lacks the key.",
     .required = true,
     .values = kOperators},
    {.name = "values",
     .type = FieldType::kTexts,
     .help = "The label's values.",
     .max_items = kMaxPatterns,
     .max_length = kMaxLabelValue,
     .check = CheckLabelValue},
};
constexpr ObjectSchema kRequirement = {kRequirementFields};

constexpr Field kSelectorFields[] = {
    {.name = "matchLabels",
     .type = FieldType::kTextMap,
     .help = "Labels that the namespace must have with these very values.",
     .max_items = 32,
     .max_length = kMaxLabelValue,
     .check = CheckLabelValue},
    {.name = "matchExpressions",
     .type = FieldType::kObjects,
     .help = "Requirements on the namespace's labels; all must hold.",
     .max_items = 32,
     .object = &kRequirement},
};
constexpr ObjectSchema kSelector = {kSelectorFields};

constexpr Field kMatchFields[] = {
    {.name = "namespaceSelector",
     .type = FieldType::kObject,
     .help = "Which namespaces the policy holds in; empty: all.",
     .object = &kSelector},
    {.name = "images",
     .type = FieldType::kTexts,
     .help = "Patterns of the images the policy judges, over host/path:tag: '*' within a part, "
             "'**' across parts. A pattern whose first part is no host is compared with the path "
             "on any host; one without a tag takes any tag and digest.",
     .default_json = R"(["**"])",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = kMaxPattern,
     .check = CheckImagePattern},
    {.name = "excludeImages",
     .type = FieldType::kTexts,
     .help = "Patterns of images the policy does not judge. Name the host, or anybody's image of "
             "that path is excluded. A pattern with a tag does not exclude a pull by digest.",
     .max_items = kMaxPatterns,
     .max_length = kMaxPattern,
     .check = CheckImagePattern},
};
constexpr ObjectSchema kMatch = {kMatchFields};

constexpr Field kExceptionFields[] = {
    {.name = "ids",
     .type = FieldType::kTexts,
     .help = "Vulnerability ids that are excused; aliases count.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = kMaxId,
     .check = CheckVulnerabilityId},
    {.name = "packages",
     .type = FieldType::kTexts,
     .help = "Patterns over the names of packages, or their source packages, that are excused.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = kMaxPattern,
     .check = CheckGlob},
    {.name = "images",
     .type = FieldType::kTexts,
     .help = "Image patterns of the names under which the image is excused; the same digest under "
             "another name is not. Empty: all images.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = kMaxPattern,
     .check = CheckImagePattern},
    {.name = "paths",
     .type = FieldType::kTexts,
     .help = "Patterns over the path in the image at which the package or the file was found, "
             "without a leading '/'. Empty: any path.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = kMaxPattern,
     .check = CheckGlob},
    {.name = "rules",
     .type = FieldType::kTexts,
     .help = "Names of rules; without ids, packages and paths the whole rule is excused. Empty: "
             "all rules.",
     .max_items = kMaxRules,
     .min_items = 1,
     .max_length = kMaxRuleName,
     .check = CheckRuleName},
    {.name = "until",
     .type = FieldType::kText,
     .help = "The last day (2027-01-31, UTC) or the moment (2027-01-31T10:00:00Z) it counts. "
             "Announced two weeks before and after.",
     .required = true,
     .max_length = 32,
     .check = CheckUntil},
    {.name = "reason",
     .type = FieldType::kText,
     .help = "Why: a person reads it in reports.",
     .required = true,
     .max_length = 1024,
     .check = CheckNotBlank},
    {.name = "approvedBy",
     .type = FieldType::kText,
     .help = "Who agreed to it; it stands in reports.",
     .max_length = 256,
     .check = CheckNotBlank},
};
constexpr ObjectSchema kException = {kExceptionFields};

constexpr Field kAllowExceptionsFields[] = {
    {.name = "rules",
     .type = FieldType::kTexts,
     .help = "Names of rules of this policy that they may be about. Empty: all rules.",
     .max_items = kMaxRules,
     .min_items = 1,
     .max_length = kMaxRuleName,
     .check = CheckRuleName},
    {.name = "severityAtMost",
     .type = FieldType::kText,
     .help = "Findings above this severity, and those of unknown severity, are not excused.",
     .values = kSeverities},
    {.name = "for",
     .type = FieldType::kText,
     .help = "How long from its creation one may last: 720h, 90d; at most a year.",
     .default_json = R"("90d")",
     .max_length = 32,
     .check = CheckDurationOfAYear},
    {.name = "approvalRequired",
     .type = FieldType::kBoolean,
     .help = "true: only those with approvedBy.",
     .default_json = "false"},
};
constexpr ObjectSchema kAllowExceptions = {kAllowExceptionsFields};

constexpr Field kAlreadyRunningFields[] = {
    {.name = "action",
     .type = FieldType::kText,
     .help = "Allow lets it in there with a warning, Judge judges it as any other.",
     .default_json = R"("Allow")",
     .values = kRunning},
    {.name = "for",
     .type = FieldType::kText,
     .help = "How long from the moment it turned bad: 720h, 7d; at most a year.",
     .default_json = R"("720h")",
     .max_length = 32,
     .check = CheckDurationOfAYear},
};
constexpr ObjectSchema kAlreadyRunning = {kAlreadyRunningFields};

constexpr Field kSpecFields[] = {
    {.name = "match",
     .type = FieldType::kObject,
     .help = "What the policy judges; empty: every image in every namespace that admission sees.",
     .default_json = "{}",
     .object = &kMatch},
    {.name = "enforcement",
     .type = FieldType::kText,
     .help = "Enforce denies, Warn admits with a warning, Audit admits and only records.",
     .default_json = R"("Enforce")",
     .values = kEnforcements},
    {.name = "onUnscanned",
     .type = FieldType::kText,
     .help =
         "The answer when there is no scan yet and the time to wait is up. Hold lets the pod in "
         "behind a scheduling gate: it runs once its verdict is in. What cannot be held is "
         "denied.",
     .default_json = R"("Deny")",
     .values = kUnscanned},
    {.name = "holdFor",
     .type = FieldType::kText,
     .help = "How long a pod is held at most, from its creation: 10m, 1h. Then onIncomplete "
             "answers.",
     .default_json = R"("10m")",
     .max_length = 32,
     .check = CheckDuration},
    {.name = "onIncomplete",
     .type = FieldType::kText,
     .help = "The answer when a rule cannot be decided: not pullable, not readable, unsupported "
             "operating system, database too old.",
     .default_json = R"("Deny")",
     .values = kIncomplete},
    {.name = "waitSeconds",
     .type = FieldType::kInteger,
     .help = "How long a request may wait for a scan; the webhook's own timeout bounds it too.",
     .default_json = "3",
     .minimum = 0,
     .maximum = 29},
    {.name = "maxDatabaseAge",
     .type = FieldType::kText,
     .help = "Older advisory databases leave vulnerability rules undecided: 72h, 7d.",
     .max_length = 32,
     .check = CheckDuration},
    {.name = "alreadyRunning",
     .type = FieldType::kObject,
     .help = "What becomes of a digest that ran in a namespace before it turned bad, when it comes "
             "there again: a drained node, a scale-up.",
     .default_json = "{}",
     .object = &kAlreadyRunning},
    {.name = "pinDigests",
     .type = FieldType::kBoolean,
     .help = "Write the digest that is judged behind the tag of a new pod's images, so that no "
             "other is pulled later.",
     .default_json = "false"},
    {.name = "denyWorkloads",
     .type = FieldType::kBoolean,
     .help = "Deny Deployments, Jobs and so on, too, whose pods would be denied, where a person "
             "sees it.",
     .default_json = "false"},
    {.name = "rules",
     .type = FieldType::kObjects,
     .help = "What is asked of an image. Each rule has a name and exactly one kind.",
     .required = true,
     .max_items = kMaxRules,
     .min_items = 1},
    {.name = "exceptions",
     .type = FieldType::kObjects,
     .help = "What is excused, until when and why. Every list that is set must match; each needs "
             "at least one of ids, packages, paths and rules.",
     .max_items = kMaxExceptions,
     .object = &kException},
    {.name = "allowExceptions",
     .type = FieldType::kObject,
     .help = "Take ScanExceptions, each for its own namespace, as far as this goes. Left out: "
             "none.",
     .object = &kAllowExceptions},
};

/// The rules' fields are put together when they are first asked for: each kind has its own file.
std::vector<Field> SpecFields() {
  std::vector<Field> fields(std::begin(kSpecFields), std::end(kSpecFields));
  for (Field& field : fields) {
    if (field.name == "rules") field.object = &RuleSchema();
  }
  return fields;
}

}  // namespace

std::string_view FieldTypeName(FieldType type) {
  switch (type) {
    case FieldType::kObject:
      return "object";
    case FieldType::kObjects:
      return "list of objects";
    case FieldType::kText:
      return "text";
    case FieldType::kTexts:
      return "list of text";
    case FieldType::kIntOrTexts:
      return "list of numbers or text";
    case FieldType::kTextMap:
      return "map of text";
    case FieldType::kInteger:
      return "whole number";
    case FieldType::kNumber:
      return "number";
    case FieldType::kBoolean:
      return "true or false";
  }
  return "";
}

const Field* FindField(const ObjectSchema& schema, std::string_view name) {
  for (const Field& field : schema.fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

const ObjectSchema& SpecSchema() {
  static const std::vector<Field> kFields = SpecFields();
  static const ObjectSchema kSchema = {kFields};
  return kSchema;
}
const ObjectSchema& ExceptionSchema() { return kException; }

}  // namespace landwaiter::policy
