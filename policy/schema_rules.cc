// The rules' part of the policy language's table: what every rule has, and a field for each kind.
#include "policy/schema_rules.h"

#include <vector>

#include "policy/formats.h"
#include "policy/kinds.h"

namespace landwaiter::policy {
namespace {

constexpr std::string_view kActions[] = {"Fail", "Warn"};

constexpr Field kOfEveryRule[] = {
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
    {.name = "controls",
     .type = FieldType::kTexts,
     .help = "Controls of a benchmark or a standard that this rule shows: 'CIS Docker 4.1'. Its "
             "violations name them.",
     .max_items = 8,
     .min_items = 1,
     .max_length = 64,
     .check = CheckNotBlank},
};

std::vector<Field> RuleFields() {
  std::vector<Field> fields(std::begin(kOfEveryRule), std::end(kOfEveryRule));
  for (const RuleKind* kind : RuleKinds()) {
    fields.push_back({.name = kind->name,
                      .type = FieldType::kObject,
                      .help = kind->help,
                      .object = kind->schema});
  }
  return fields;
}

}  // namespace

const ObjectSchema& RuleSchema() {
  static const std::vector<Field> kFields = RuleFields();
  static const ObjectSchema kSchema = {kFields};
  return kSchema;
}

}  // namespace landwaiter::policy
