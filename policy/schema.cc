#include "policy/schema.h"

#include "policy/formats.h"
#include "policy/image_pattern.h"

namespace landwaiter::policy {
namespace {

// Bounds: the largest legal policy stays under the 1.5 MiB that etcd takes for ordinary use, and
// the estimated cost of the CEL rules in crds/scanpolicies.yaml under the API server's budget.
constexpr std::size_t kMaxPattern = 512;  // as long as the longest reference
constexpr std::size_t kMaxPatterns = 64;
constexpr std::size_t kMaxIds = 256;
constexpr std::size_t kMaxId = 128;
constexpr std::size_t kMaxRules = 64;
constexpr std::size_t kMaxExceptions = 256;
constexpr std::size_t kMaxRuleName = 63;
constexpr std::size_t kMaxLabelKey = 317;  // 253 of prefix, '/', 63 of name
constexpr std::size_t kMaxLabelValue = 63;
constexpr std::size_t kMaxRequirements = 64;

constexpr std::string_view kSeverities[] = {"Critical", "High", "Medium", "Low", "Negligible"};
constexpr std::string_view kCountOrIgnore[] = {"Count", "Ignore"};
constexpr std::string_view kActions[] = {"Fail", "Warn"};
constexpr std::string_view kEnforcements[] = {"Enforce", "Warn", "Audit"};
constexpr std::string_view kUnscanned[] = {"Deny", "Warn", "Allow", "Hold"};
constexpr std::string_view kIncomplete[] = {"Deny", "Warn", "Allow"};
constexpr std::string_view kOperators[] = {"In", "NotIn", "Exists", "DoesNotExist"};
constexpr std::string_view kTypes[] = {"deb", "apk", "rpm", "npm", "pypi", "golang"};
constexpr std::string_view kStates[] = {"Affected", "Fixed", "WillNotFix", "EndOfLife",
                                        "UnderInvestigation"};

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

constexpr Field kPackageSelectorFields[] = {
    {.name = "types",
     .type = FieldType::kTexts,
     .help = "Package types (of the package URL).",
     .values = kTypes,
     .max_items = 16,
     .min_items = 1},
    {.name = "names",
     .type = FieldType::kTexts,
     .help = "Patterns over the package's name or its source package's.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = kMaxPattern,
     .check = CheckGlob},
    {.name = "includePaths",
     .type = FieldType::kTexts,
     .help = "Patterns over the path the package was found at, without a leading '/'.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = kMaxPattern,
     .check = CheckGlob},
    {.name = "excludePaths",
     .type = FieldType::kTexts,
     .help = "Patterns over paths that are left out.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = kMaxPattern,
     .check = CheckGlob},
};
constexpr ObjectSchema kPackageSelector = {.fields = kPackageSelectorFields, .min_fields = 1};

constexpr Field kVulnerabilityFields[] = {
    {.name = "severityAtLeast",
     .type = FieldType::kText,
     .help = "Findings of this severity or worse.",
     .values = kSeverities},
    {.name = "unknownSeverity",
     .type = FieldType::kText,
     .help = "Whether a finding without a severity meets severityAtLeast.",
     .default_json = R"("Count")",
     .values = kCountOrIgnore},
    {.name = "cvssAtLeast",
     .type = FieldType::kNumber,
     .help = "Findings with this CVSS base score or a higher one.",
     .minimum = 0,
     .maximum = 10},
    {.name = "missingScore",
     .type = FieldType::kText,
     .help = "Whether a finding without a score meets cvssAtLeast.",
     .default_json = R"("Count")",
     .values = kCountOrIgnore},
    {.name = "fixAvailable",
     .type = FieldType::kBoolean,
     .help = "true: findings with a fixed version; false: findings without one."},
    {.name = "ids",
     .type = FieldType::kTexts,
     .help = "Vulnerability ids; an alias (a GHSA for a CVE) counts too.",
     .max_items = kMaxIds,
     .min_items = 1,
     .max_length = kMaxId,
     .check = CheckVulnerabilityId},
    {.name = "packages",
     .type = FieldType::kObject,
     .help = "Findings in these packages.",
     .object = &kPackageSelector},
    {.name = "states",
     .type = FieldType::kTexts,
     .help = "Findings in one of these states.",
     .values = kStates,
     .max_items = 8,
     .min_items = 1},
    {.name = "knownExploited",
     .type = FieldType::kBoolean,
     .help = "true: findings on the list of known exploited vulnerabilities; false: those not on "
             "it. Cannot be decided with a database without that list: onIncomplete answers."},
    {.name = "maxCount",
     .type = FieldType::kInteger,
     .help = "How many such findings are let pass, counted per platform.",
     .default_json = "0",
     .minimum = 0,
     .maximum = 1'000'000},
};
constexpr ObjectSchema kVulnerabilities = {kVulnerabilityFields};

constexpr Field kRequiredLabelFields[] = {
    {.name = "name",
     .type = FieldType::kText,
     .help = "The label's name, e.g. org.opencontainers.image.source.",
     .required = true,
     .max_length = 256,
     .check = CheckNotBlank},
    {.name = "value",
     .type = FieldType::kText,
     .help = "A pattern that its value must match.",
     .default_json = R"("**")",
     .max_length = kMaxPattern,
     .check = CheckGlob},
};
constexpr ObjectSchema kRequiredLabel = {kRequiredLabelFields};

constexpr Field kImageFields[] = {
    {.name = "runsAsRoot",
     .type = FieldType::kBoolean,
     .help = "Fires when the image's user is uid 0 through its /etc/passwd; no user is uid 0."},
    {.name = "deniedUsers",
     .type = FieldType::kIntOrTexts,
     .help = "Fires when the image's user is one of these names or uids.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = 64,
     .check = CheckUser},
    {.name = "deniedPorts",
     .type = FieldType::kIntOrTexts,
     .help = "Fires when one of these ports is exposed: 22, 8000-8080, 53/udp.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = 16,
     .check = CheckPort},
    {.name = "allowedPorts",
     .type = FieldType::kIntOrTexts,
     .help = "Fires when a port is exposed that is not among these; an empty list allows none.",
     .max_items = kMaxPatterns,
     .max_length = 16,
     .check = CheckPort},
    {.name = "requiredLabels",
     .type = FieldType::kObjects,
     .help = "Fires when one of these labels is missing or has another value.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .object = &kRequiredLabel},
    {.name = "healthcheckRequired",
     .type = FieldType::kBoolean,
     .help = "Fires when the image has no HEALTHCHECK."},
};
constexpr ObjectSchema kImage = {.fields = kImageFields, .min_fields = 1};

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

constexpr Field kRuleFields[] = {
    {.name = "name",
     .type = FieldType::kText,
     .help = "The rule's name, unique in the policy; denials and exceptions name it.",
     .required = true,
     .max_length = kMaxRuleName,
     .check = CheckRuleName},
    {.name = "action",
     .type = FieldType::kText,
     .help = "What it means when the rule fires: Fail or Warn.",
     .default_json = R"("Fail")",
     .values = kActions},
    {.name = "vulnerabilities",
     .type = FieldType::kObject,
     .help = "Fires when more than maxCount findings meet every field that is set. Findings in "
             "kernel headers are not counted: the host's kernel decides.",
     .object = &kVulnerabilities},
    {.name = "image",
     .type = FieldType::kObject,
     .help = "Demands on the image's configuration; each broken one is a violation.",
     .object = &kImage},
    {.name = "packages",
     .type = FieldType::kObject,
     .help = "Packages that must not, or must, be in the image.",
     .object = &kPackages},
    {.name = "reference",
     .type = FieldType::kObject,
     .help = "Demands on the reference the image is pulled by; each broken one is a violation. "
             "Needs no scan.",
     .object = &kReference},
};
constexpr ObjectSchema kRule = {kRuleFields};

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
     .help = "Image patterns; every reference that the image is known by must match. Empty: all "
             "images.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = kMaxPattern,
     .check = CheckImagePattern},
    {.name = "rules",
     .type = FieldType::kTexts,
     .help = "Names of rules; without ids and packages the whole rule is excused. Empty: all "
             "rules.",
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
};
constexpr ObjectSchema kException = {kExceptionFields};

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
     .help = "The answer when there is no scan yet and the time to wait is up. Hold is reserved "
             "and refused by this version.",
     .default_json = R"("Deny")",
     .values = kUnscanned},
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
    {.name = "rules",
     .type = FieldType::kObjects,
     .help = "What is asked of an image. Each rule has a name and exactly one kind.",
     .required = true,
     .max_items = kMaxRules,
     .min_items = 1,
     .object = &kRule},
    {.name = "exceptions",
     .type = FieldType::kObjects,
     .help = "What is excused, until when and why. Every list that is set must match; each needs "
             "at least one of ids, packages and rules.",
     .max_items = kMaxExceptions,
     .object = &kException},
};
constexpr ObjectSchema kSpec = {kSpecFields};

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

const ObjectSchema& SpecSchema() { return kSpec; }
const ObjectSchema& RuleSchema() { return kRule; }
const ObjectSchema& ExceptionSchema() { return kException; }

}  // namespace landwaiter::policy
