// The `image` rule: demands on the image's configuration (OCI image-spec config.md; HEALTHCHECK is
// Docker's extension).
#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/text.h"
#include "policy/formats.h"
#include "policy/history.h"
#include "policy/image_pattern.h"
#include "policy/kinds.h"
#include "policy/rules/image_rule.h"
#include "policy/schema_rules.h"

namespace landwaiter::policy {
namespace {

using nlohmann::json;

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

constexpr Field kDeniedEnvFields[] = {
    {.name = "name",
     .type = FieldType::kText,
     .help = "A pattern over the variable's name: AWS_*, *_PASSWORD.",
     .required = true,
     .max_length = 256,
     .check = CheckGlob},
    {.name = "value",
     .type = FieldType::kText,
     .help = "A pattern over its value; reports never show the value.",
     .default_json = R"("**")",
     .max_length = kMaxPattern,
     .check = CheckNotBlank},
};
constexpr ObjectSchema kDeniedEnv = {kDeniedEnvFields};

constexpr std::string_view kOps[] = {"Exists", "Missing", "Matches", "Differs"};
constexpr Field kInstructionFields[] = {
    {.name = "name",
     .type = FieldType::kText,
     .help = "The instruction.",
     .required = true,
     .values = kInstructions},
    {.name = "op",
     .type = FieldType::kText,
     .help =
         "Fires where the instruction is there, where it is nowhere, where its argument matches "
         "value, or where it does not.",
     .default_json = R"("Exists")",
     .values = kOps},
    {.name = "value",
     .type = FieldType::kText,
     .help = "A pattern over the whole argument, ** for anything; of Matches and Differs.",
     .max_length = kMaxPattern,
     .check = CheckNotBlank},
};
constexpr ObjectSchema kInstruction = {kInstructionFields};
constexpr std::size_t kMaxInstructions = 32;
constexpr std::string_view kCountOrIgnore[] = {"Count", "Ignore"};

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
    {.name = "deniedEnv",
     .type = FieldType::kObjects,
     .help = "Fires when an environment variable with such a name and value is set.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .object = &kDeniedEnv},
    {.name = "deniedVolumes",
     .type = FieldType::kTexts,
     .help = "Fires when a volume is declared whose path matches one of these patterns: /data/**.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = kMaxPattern,
     .check = CheckGlob},
    {.name = "instructions",
     .type = FieldType::kObjects,
     .help =
         "Demands on the Dockerfile's instructions, as the image's history tells them; they are "
         "its builder's word. A history that is not whole cannot be decided.",
     .max_items = kMaxInstructions,
     .min_items = 1,
     .object = &kInstruction},
    {.name = "maxAge",
     .type = FieldType::kText,
     .help = "Fires when the image was created longer ago, by its own word: 90d, 720h.",
     .max_length = 32,
     .check = CheckDuration},
    {.name = "missingAge",
     .type = FieldType::kText,
     .help =
         "Whether an image that does not say when it was created is older than maxAge. "
         "Reproducible builds write 1970 or 1980, which says nothing. Counts where this is left "
         "out.",
     .values = kCountOrIgnore},
    {.name = "maxSize",
     .type = FieldType::kText,
     .help = "Fires when the layers, compressed as a registry has them, are larger together: "
             "500Mi, 2Gi.",
     .max_length = 16,
     .check = CheckSize},
    {.name = "maxLayers",
     .type = FieldType::kInteger,
     .help = "Fires when the image has more layers.",
     .minimum = 1,
     .maximum = 1000},
    {.name = "maxLayersFromUnknownBase",
     .type = FieldType::kInteger,
     .help = "Fires when the image has more layers and nothing that a RegistryWatch holds (or that "
             "landwaiter scan --base names) is below it.",
     .minimum = 0,
     .maximum = 1000},
    {.name = "platforms",
     .type = FieldType::kTexts,
     .help = "Fires when a platform of the image matches none of these patterns: linux/amd64, "
             "linux/**.",
     .max_items = 16,
     .min_items = 1,
     .max_length = 64,
     .check = CheckGlob},
    {.name = "healthcheckRequired",
     .type = FieldType::kBoolean,
     .help = "Fires when the image has no HEALTHCHECK."},
};
constexpr ObjectSchema kImage = {.fields = kImageFields, .min_fields = 1};

constexpr std::string_view kKind = "image";

/// A list of numbers or text, as text.
std::vector<std::string> IntOrTexts(const json& value, const char* field) {
  std::vector<std::string> texts;
  const auto found = value.find(field);
  if (found == value.end()) return texts;
  for (const json& item : *found) {
    texts.push_back(item.is_string() ? item.get<std::string>() : item.dump());
  }
  return texts;
}

std::vector<PortRange> Ports(const json& value, const char* field) {
  std::vector<PortRange> ports;
  for (const std::string& text : IntOrTexts(value, field)) {
    auto range = ParsePortRange(text);
    if (range) ports.push_back(*std::move(range));  // CheckPort has refused all others
  }
  return ports;
}

InstructionOp OpNamed(std::string_view name) {
  if (name == "Missing") return InstructionOp::kMissing;
  if (name == "Matches") return InstructionOp::kMatches;
  return name == "Differs" ? InstructionOp::kDiffers : InstructionOp::kExists;
}

void ReadWhole(const json& value, const std::string& path, Complaints& complaints,
               ImageRule& read) {
  if (const auto env = value.find("deniedEnv"); env != value.end()) {
    for (const json& one : *env) {
      read.denied_env.push_back({one["name"].get<std::string>(), one.value("value", "**")});
    }
  }
  read.denied_volumes = Texts(value, "deniedVolumes");
  if (const auto instructions = value.find("instructions"); instructions != value.end()) {
    for (std::size_t i = 0; i < instructions->size(); ++i) {
      const json& one = (*instructions)[i];
      const InstructionOp op = OpNamed(one.value("op", "Exists"));
      const bool compares = op == InstructionOp::kMatches || op == InstructionOp::kDiffers;
      if (compares != one.contains("value")) {
        complaints.Add(path + ".instructions[" + std::to_string(i) + "].value",
                       compares ? "is missing: op Matches and Differs compare with it"
                                : "must be left out: op Exists and Missing compare nothing");
      }
      read.instructions.push_back({one["name"].get<std::string>(), op, one.value("value", "")});
    }
  }
  if (const auto age = value.find("maxAge"); age != value.end()) {
    const auto duration = ParseDuration(age->get<std::string>());
    if (duration) read.max_age = *duration;  // CheckDuration has refused all others
  }
  if (value.contains("missingAge") && !read.max_age) {
    complaints.Add(path + ".missingAge", "means nothing without maxAge beside it");
  }
  read.missing_age_counts = value.value("missingAge", "Count") == "Count";
  if (const auto size = value.find("maxSize"); size != value.end()) {
    const auto bytes = ParseSize(size->get<std::string>());
    if (bytes) read.max_size_bytes = *bytes;  // CheckSize has refused all others
  }
  if (value.contains("maxLayers")) read.max_layers = value["maxLayers"].get<std::uint64_t>();
  if (value.contains("maxLayersFromUnknownBase")) {
    read.max_layers_from_unknown_base = value["maxLayersFromUnknownBase"].get<std::uint64_t>();
  }
  read.platforms = Texts(value, "platforms");
}

std::shared_ptr<const RuleBody> Read(const json& value, const std::string& path,
                                     Complaints& complaints) {
  ImageRule read;
  if (value.contains("runsAsRoot")) {
    read.runs_as_root = value["runsAsRoot"].get<bool>();
    if (!read.runs_as_root) {
      complaints.Add(path + ".runsAsRoot",
                     "must be true or be left out: the rule fires for images that run as root");
    }
  }
  read.denied_users = IntOrTexts(value, "deniedUsers");
  read.denied_ports = Ports(value, "deniedPorts");
  if (value.contains("allowedPorts")) read.allowed_ports = Ports(value, "allowedPorts");
  if (const auto labels = value.find("requiredLabels"); labels != value.end()) {
    for (const json& label : *labels) {
      read.required_labels.push_back(
          {label["name"].get<std::string>(), label.value("value", "**")});
    }
  }
  ReadWhole(value, path, complaints, read);
  read.healthcheck_required = value.value("healthcheckRequired", false);
  return std::make_shared<const ImageRule>(std::move(read));
}

RuleOutcome Evaluate(const Rule& rule, const Facts& facts) {
  const auto& wanted = As<ImageRule>(rule);
  RuleOutcome outcome;
  outcome.unknown = CoverageGaps(*facts.platform, Need::kConfig);
  if (!outcome.unknown.empty()) return outcome;  // an unread configuration decides nothing
  const ImageConfig& config = facts.platform->inventory->config;
  if (wanted.runs_as_root) CheckRoot(config, outcome);
  CheckDeniedUsers(wanted.denied_users, config, outcome);
  if (!wanted.denied_ports.empty() || wanted.allowed_ports) CheckPorts(wanted, config, outcome);
  CheckLabels(wanted, config, outcome);
  CheckEnvironment(wanted, config, outcome);
  CheckInstructions(wanted, *facts.platform->inventory, outcome);
  CheckWhole(wanted, facts, outcome);
  if (wanted.healthcheck_required && !config.healthcheck) {
    ViolateImage(outcome, "HEALTHCHECK", "no HEALTHCHECK is set");
  }
  return outcome;
}

bool JudgedByTime(const RuleBody& body) {
  return static_cast<const ImageRule&>(body).max_age.has_value();
}

void Asks(const RuleBody& body, std::set<Fact>& facts) {
  const auto& rule = static_cast<const ImageRule&>(body);
  if (!rule.denied_env.empty()) facts.insert(Fact::kEnvironment);
  if (!rule.denied_volumes.empty()) facts.insert(Fact::kVolumes);
  if (!rule.instructions.empty()) facts.insert(Fact::kHistory);
  if (rule.max_layers_from_unknown_base) facts.insert(Fact::kBases);
}

}  // namespace

void ViolateImage(RuleOutcome& outcome, std::string_view subject, std::string message) {
  Violation violation;
  violation.kind = kKind;
  violation.subject = subject;
  violation.id = ViolationId(kKind, subject);
  violation.message = std::move(message);
  outcome.violations.push_back(std::move(violation));
}

extern constinit const RuleKind kImageKind = {
    .name = "image",
    .help = "Demands on the image's configuration; each broken one is a violation.",
    .schema = &kImage,
    .read = Read,
    .evaluate = Evaluate,
    .judges_by_time = JudgedByTime,
    .asks = Asks,
};

}  // namespace landwaiter::policy
