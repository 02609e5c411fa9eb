// The rule kinds' part of the policy language's table.
#include "policy/schema_rules.h"

#include "policy/formats.h"
#include "policy/image_pattern.h"

namespace landwaiter::policy {
namespace {

constexpr std::size_t kMaxIds = 256;
constexpr std::size_t kMaxRequirements = 64;

constexpr std::string_view kSeverities[] = {"Critical", "High", "Medium", "Low", "Negligible"};
constexpr std::string_view kCountOrIgnore[] = {"Count", "Ignore"};
constexpr std::string_view kActions[] = {"Fail", "Warn"};
constexpr std::string_view kTypes[] = {"deb", "apk", "rpm", "npm", "pypi", "golang"};
constexpr std::string_view kStates[] = {"Affected", "Fixed", "WillNotFix", "EndOfLife",
                                        "UnderInvestigation"};

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
    {.name = "publishedFor",
     .type = FieldType::kText,
     .help = "Findings that were published so long ago, or nobody knows when: 14d, 72h. Leaves "
             "that time to mend what is new.",
     .max_length = 32,
     .check = CheckDuration},
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

}  // namespace

constinit const ObjectSchema kRuleSchema = {kRuleFields};

}  // namespace landwaiter::policy
