#include "policy/test_file.h"

#include <nlohmann/json.hpp>
#include <set>

#include "policy/check.h"
#include "policy/formats.h"
#include "policy/kinds.h"
#include "policy/schema.h"
#include "policy/text_input.h"

namespace landwaiter::policy {
namespace {

using nlohmann::json;

constexpr std::string_view kApiVersion = "landwaiter.io/v1alpha1";
constexpr std::string_view kKindName = "PolicyTest";
constexpr std::size_t kMaxFiles = 64;
constexpr std::size_t kMaxPath = 4096;
constexpr std::size_t kMaxName = 253;
/// "POLICY/RULE", each as long as Kubernetes lets it be.
constexpr std::size_t kMaxRulePath = 320;

Status CheckMoment(std::string_view text) {
  if (ParseTime(text)) return Ok();
  return InvalidArgument("is no date (2027-01-31) and no time (2027-01-31T12:00:00Z)");
}

constexpr std::string_view kVerdicts[] = {"Pass", "Warn", "Unknown", "Fail", "NotJudged"};
constexpr std::string_view kAnswers[] = {"Allow", "Warn", "Deny"};
constexpr std::string_view kKindNames[] = {kKindName};
constexpr std::string_view kApiVersions[] = {kApiVersion};

constexpr Field Rules(std::string_view name, std::string_view help) {
  return {.name = name,
          .type = FieldType::kTexts,
          .help = help,
          .max_items = 256,
          .max_length = kMaxRulePath,
          .check = CheckNotBlank};
}

constexpr Field kExpectFields[] = {
    {.name = "verdict",
     .type = FieldType::kText,
     .help = "The worst of the policies' verdicts; NotJudged: no policy is about the image.",
     .values = kVerdicts},
    {.name = "answer",
     .type = FieldType::kText,
     .help = "What a pod gets, enforcement and onIncomplete taken into account.",
     .values = kAnswers},
    Rules("fails", "The rules that fail, RULE or POLICY/RULE: these and no others."),
    Rules("warns", "The rules that warn: these and no others."),
    Rules("undecided", "The rules that cannot be decided: these and no others."),
};
constexpr ObjectSchema kExpect = {.fields = kExpectFields, .min_fields = 1};

constexpr Field Files(std::string_view name, std::string_view help) {
  return {.name = name,
          .type = FieldType::kTexts,
          .help = help,
          .max_items = kMaxFiles,
          .max_length = kMaxPath,
          .check = CheckNotBlank};
}
constexpr Field Text(std::string_view name, std::size_t most, std::string_view help) {
  return {.name = name,
          .type = FieldType::kText,
          .help = help,
          .max_length = most,
          .check = CheckNotBlank};
}
constexpr Field kAt = {.name = "at",
                       .type = FieldType::kText,
                       .help = "The day or moment of the judgement.",
                       .max_length = 64,
                       .check = CheckMoment};

constexpr Field kCaseFields[] = {
    {.name = "name",
     .type = FieldType::kText,
     .help = "A sentence; each once in a file.",
     .required = true,
     .max_length = kMaxName,
     .check = CheckNotBlank},
    Text("report", kMaxPath, "A report that scan --format json wrote."),
    Text("image", kMaxPath, "An image as scan takes it."),
    Files("policies", "Files of ScanPolicies."),
    Files("exceptions", "Files of ScanExceptions."),
    Files("vex", "Files of VEX statements."),
    Text("reference", 512, "The name that the image is pulled by."),
    Text("namespace", 63, "Where it is to run."),
    {.name = "namespaceLabels",
     .type = FieldType::kTextMap,
     .help = "The namespace's labels, for namespaceSelector.",
     .max_items = 64,
     .max_length = 63,
     .check = CheckLabelValue},
    kAt,
    {.name = "expect",
     .type = FieldType::kObject,
     .help = "What must come of it.",
     .required = true,
     .object = &kExpect},
};
constexpr ObjectSchema kCase = {kCaseFields};

constexpr Field kFileFields[] = {
    {.name = "apiVersion",
     .type = FieldType::kText,
     .help = "landwaiter.io/v1alpha1",
     .required = true,
     .values = kApiVersions},
    {.name = "kind",
     .type = FieldType::kText,
     .help = "PolicyTest",
     .required = true,
     .values = kKindNames},
    Files("policies", "Files of ScanPolicies, of the cases that name none."),
    Files("exceptions", "Files of ScanExceptions, likewise."),
    Files("vex", "Files of VEX statements, likewise."),
    kAt,
    {.name = "cases",
     .type = FieldType::kObjects,
     .help = "The cases.",
     .required = true,
     .max_items = kMaxTestCases,
     .min_items = 1,
     .object = &kCase},
};
constexpr ObjectSchema kFile = {kFileFields};

TestExpectation ReadExpectation(const json& value) {
  TestExpectation expect;
  if (const auto verdict = value.find("verdict"); verdict != value.end()) {
    const auto& name = verdict->get_ref<const std::string&>();
    expect.not_judged = name == "NotJudged";
    if (!expect.not_judged) expect.verdict = VerdictFromName(name);
  }
  if (const auto answer = value.find("answer"); answer != value.end()) {
    const auto& name = answer->get_ref<const std::string&>();
    expect.answer = name == "Deny"   ? Action::kDeny
                    : name == "Warn" ? Action::kWarn
                                     : Action::kAllow;
  }
  if (value.contains("fails")) expect.fails = Texts(value, "fails");
  if (value.contains("warns")) expect.warns = Texts(value, "warns");
  if (value.contains("undecided")) expect.undecided = Texts(value, "undecided");
  return expect;
}

/// What the case says, else what its file says for all.
const json& OfCase(const json& one, const json& file, const char* name) {
  return one.contains(name) ? one : file;
}

TestCase ReadCase(const json& one, const json& file, const std::string& path,
                  Complaints& complaints) {
  TestCase read;
  read.name = one["name"].get<std::string>();
  read.report = one.value("report", "");
  read.image = one.value("image", "");
  if (read.report.empty() == read.image.empty()) {
    complaints.Add(path, "needs a report or an image, one of them");
  }
  read.policies = Texts(OfCase(one, file, "policies"), "policies");
  if (read.policies.empty()) complaints.Add(path + ".policies", "names no file, nor does the file");
  read.exceptions = Texts(OfCase(one, file, "exceptions"), "exceptions");
  read.vex = Texts(OfCase(one, file, "vex"), "vex");
  read.reference = one.value("reference", "");
  read.ns = one.value("namespace", "");
  if (const auto labels = one.find("namespaceLabels"); labels != one.end()) {
    read.namespace_labels = labels->get<std::map<std::string, std::string>>();
    // The API server puts it on every namespace (KEP-2161).
    if (!read.ns.empty()) (*read.namespace_labels)["kubernetes.io/metadata.name"] = read.ns;
  }
  const json& dated = OfCase(one, file, "at");
  if (dated.contains("at")) {
    const auto at = ParseTime(dated["at"].get<std::string>());
    if (at) read.at = *at;  // CheckMoment has refused all others
  }
  read.expect = ReadExpectation(one["expect"]);
  return read;
}

}  // namespace

Result<std::vector<TestCase>> ParsePolicyTests(std::string_view text) {
  auto documents = ReadYaml(text);
  if (!documents) return documents.error();
  if (documents->empty()) return InvalidArgument("there is no PolicyTest");
  std::vector<TestCase> cases;
  Complaints complaints;
  std::set<std::string> names;
  for (std::size_t d = 0; d < documents->size(); ++d) {
    const json& file = (*documents)[d];
    const std::string root = documents->size() > 1 ? "document " + std::to_string(d + 1) : "test";
    Complaints own;
    CheckObject(file, kFile, root, own);
    complaints.Append(own);
    if (!own.empty()) continue;
    for (std::size_t i = 0; i < file["cases"].size(); ++i) {
      const std::string path = root + ".cases[" + std::to_string(i) + "]";
      cases.push_back(ReadCase(file["cases"][i], file, path, complaints));
      if (!names.insert(cases.back().name).second) {
        complaints.Add(path + ".name", "is the name of another case, too");
      }
    }
    if (cases.size() > kMaxTestCases) {
      return ResourceExhausted("there are more than " + std::to_string(kMaxTestCases) + " cases");
    }
  }
  if (!complaints.empty()) return InvalidArgument(complaints.Joined());
  return cases;
}

}  // namespace landwaiter::policy
