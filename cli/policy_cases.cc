#include "cli/policy_cases.h"

#include <algorithm>
#include <filesystem>

#include "cli/database_path.h"
#include "cli/vex_files.h"
#include "lib/base/file.h"
#include "lib/base/text.h"
#include "policy/kinds.h"
#include "policy/needed_facts.h"
#include "policy/text_input.h"
#include "report/read_json.h"

namespace landwaiter::cli {
namespace {

namespace fs = std::filesystem;

/// Paths in a file are its folder's, wherever the command is run.
void TakeFrom(const fs::path& folder, std::string& path) {
  if (!path.empty() && !fs::path(path).is_absolute()) path = (folder / path).string();
}

void TakeImageFrom(const fs::path& folder, std::string& image) {
  for (const char* prefix : {"archive:", "oci:", "dir:", "sbom:"}) {
    if (!image.starts_with(prefix)) continue;
    std::string path = image.substr(std::string_view(prefix).size());
    TakeFrom(folder, path);
    image = prefix + path;
    return;
  }
  if (image.starts_with("./") || image.starts_with("../")) TakeFrom(folder, image);
}

/// Policies of the case that are about this namespace, as far as the case tells of it.
bool IsAbout(const policy::ScanPolicy& policy, const policy::TestCase& test) {
  return !test.namespace_labels || policy::MatchesNamespace(policy, *test.namespace_labels);
}

bool AsksForName(const policy::Rule& rule) {
  return rule.kind != nullptr && !rule.kind->needs_scan && rule.kind->name == "reference";
}

/// What would let a rule pass for want of facts.
Status CanBeJudged(const policy::ScanPolicy& policy, bool named,
                   const std::set<policy::Fact>& lacking, const std::string& report) {
  for (const policy::Rule& rule : policy.rules) {
    if (named || !AsksForName(rule)) continue;
    return InvalidArgument("the image has no name, which rule " + policy.name + "/" + rule.name +
                           " asks about: write a reference");
  }
  const auto missing = policy::MissingFacts(policy, lacking);
  if (missing.empty()) return Ok();
  return InvalidArgument("report " + report + " does not hold " +
                         std::string(policy::FactName(missing.front().fact)) + ", which rule " +
                         policy.name + "/" + missing.front().rule +
                         " asks about: judge the image in its place, or see docs/policy-tests.md "
                         "for which reports hold it");
}

/// Each rule judged on its own: what the policy would say without all others.
report::JudgedPolicy ToldByRule(const policy::ScanPolicy& policy, const PolicyVerdict& whole,
                                const policy::ContentInput& input, const Judging& judging) {
  report::JudgedPolicy told;
  told.name = policy.name;
  told.verdict = whole.verdict;
  told.answer = policy::AnswerTo(policy, whole.verdict);
  told.exceptions_used = whole.exceptions_used;
  for (const policy::Rule& rule : policy.rules) {
    policy::ScanPolicy alone = policy;
    alone.rules = {rule};
    const auto verdict = VerdictOf(alone, input, judging);
    report::JudgedRule& one = told.rules.emplace_back();
    one.name = rule.name;
    one.verdict = verdict->verdict;
    for (const Violation& violation : verdict->violations) one.why.push_back(violation.message);
    one.why.insert(one.why.end(), verdict->unknown.begin(), verdict->unknown.end());
  }
  return told;
}

/// The rules whose verdict is this, "POLICY/RULE".
std::vector<std::string> RulesThatAre(Verdict verdict, const report::PolicyTestResult& result) {
  std::vector<std::string> rules;
  for (const report::JudgedPolicy& policy : result.policies) {
    for (const report::JudgedRule& rule : policy.rules) {
      if (rule.verdict == verdict) rules.push_back(policy.name + "/" + rule.name);
    }
  }
  return rules;
}

bool Means(const std::string& expected, const std::string& rule) {
  return rule == expected || rule.substr(rule.find('/') + 1) == expected;
}

void CompareRules(const std::optional<std::vector<std::string>>& expected, Verdict verdict,
                  std::string_view verb, const report::PolicyTestResult& result,
                  std::vector<std::string>& unmet) {
  if (!expected) return;
  const auto actual = RulesThatAre(verdict, result);
  for (const std::string& want : *expected) {
    const auto means = [&](const std::string& rule) { return Means(want, rule); };
    if (std::none_of(actual.begin(), actual.end(), means)) {
      unmet.push_back("rule " + want + " is expected among those that " + std::string(verb) +
                      ", and is not");
    }
  }
  for (const std::string& rule : actual) {
    const auto means = [&](const std::string& want) { return Means(want, rule); };
    if (std::none_of(expected->begin(), expected->end(), means)) {
      unmet.push_back("rule " + rule + " is among those that " + std::string(verb) +
                      ", and is not expected there");
    }
  }
}

}  // namespace

struct CaseJudge::Facts {
  report::ScanReport scan;
  std::set<policy::Fact> lacking = {};
};

Result<std::vector<policy::TestCase>> ReadTestFile(const std::string& path) {
  const auto text = ReadFile(path, policy::kMaxYamlBytes);
  if (!text) return text.error();
  auto cases = policy::ParsePolicyTests(*text);
  if (!cases) return Error(cases.error()).Context(path);
  const fs::path folder = fs::path(path).parent_path();
  for (policy::TestCase& one : *cases) {
    TakeFrom(folder, one.report);
    TakeImageFrom(folder, one.image);
    for (auto* paths : {&one.policies, &one.exceptions, &one.vex}) {
      for (std::string& each : *paths) TakeFrom(folder, each);
    }
  }
  return cases;
}

Result<PlannedCase> PlanCase(const std::string& file, policy::TestCase test,
                             const ImageFlags& flags, TimePoint now) {
  const std::string where = file + ": " + test.name;
  PlannedCase planned;
  planned.file = file;
  planned.now = test.at.value_or(now);
  auto policies = ReadPolicies(test.policies, test.exceptions, test.ns, planned.now);
  if (!policies) return std::move(policies).error().Context(where);
  planned.policies = *std::move(policies);
  auto vex = ReadVexFiles(test.vex, planned.policies.notes);
  if (!vex) return std::move(vex).error().Context(where);
  planned.vex = *std::move(vex);
  if (!test.reference.empty()) {
    auto reference = ImageReference::Parse(test.reference);
    if (!reference) return std::move(reference).error().Context(where);
    planned.reference = *std::move(reference);
  }
  if (!test.image.empty()) {
    auto image = PlanImage(test.image, flags);
    if (!image) return std::move(image).error().Context(where);
    planned.image = *std::move(image);
    std::vector<const policy::ScanPolicy*> judging;
    for (const policy::ScanPolicy& one : planned.policies.policies) judging.push_back(&one);
    planned.image->options.collection = policy::CollectionOf(judging);
    if (const auto names = ReferencesOf(*planned.image); !planned.reference && !names.empty()) {
      planned.reference = names.front();
    }
  }
  planned.test = std::move(test);
  return planned;
}

Result<CaseJudge::Facts> CaseJudge::Scan(PlannedCase& planned, const Cancellation& cancel) {
  if (!database_) {
    auto database = advisories::AdvisoryDatabase::Open(DatabasePath(flags_.database));
    if (!database) return std::move(database).error();
    database_ = *std::move(database);
    layer_cache_ = OpenLayerCache(flags_);
  }
  auto scan = ScanAndMatch(*planned.image, flags_, layer_cache_.get(), *database_, cancel);
  if (!scan) return std::move(scan).error();
  scan->bases.resize(scan->inventory.platforms.size());
  return Facts{*std::move(scan), {}};
}

Result<CaseJudge::Facts> CaseJudge::Gather(PlannedCase& planned, const Cancellation& cancel) {
  if (planned.image) return Scan(planned, cancel);
  const auto text = ReadFile(planned.test.report, report::kMaxReportBytes);
  if (!text) return text.error();
  auto stored = report::ReadStoredReport(*text);
  if (!stored) return Error(stored.error()).Context(planned.test.report);
  Facts facts{std::move(stored->scan), std::move(stored->lacking)};
  if (!planned.reference && !facts.scan.reference.empty()) {
    auto reference = ImageReference::Parse(facts.scan.reference);
    if (!reference) return std::move(reference).error().Context(planned.test.report);
    planned.reference = *std::move(reference);
  }
  return facts;
}

report::PolicyTestResult CaseJudge::Judge(PlannedCase& planned, const Cancellation& cancel) {
  report::PolicyTestResult result;
  result.file = planned.file;
  result.name = planned.test.name;
  const auto fail = [&](const Error& error) {
    result.policies.clear();
    result.error = error.message;
    return result;
  };
  auto facts = Gather(planned, cancel);
  if (!facts) return fail(facts.error());
  Judging judging{planned.policies.policies, {}, planned.policies.ns, {}};
  if (planned.reference) judging.references.push_back(*planned.reference);
  judging.now = planned.now;
  ApplyVexFiles(planned.vex, judging.references, facts->scan);
  NoteFirstSeen(facts->scan, planned.now);
  policy::ContentInput input = ContentOf(facts->scan, judging);
  if (facts->scan.database.id.empty()) {
    // Nothing was matched: findings that are not there say nothing.
    for (policy::PlatformContent& platform : input.platforms) platform.findings = nullptr;
  }
  for (const policy::ScanPolicy& one : planned.policies.policies) {
    if (!IsAbout(one, planned.test)) continue;
    const auto verdict = VerdictOf(one, input, judging);
    if (!verdict) continue;
    const Status can =
        CanBeJudged(one, planned.reference.has_value(), facts->lacking, planned.test.report);
    if (!can) return fail(can.error());
    result.policies.push_back(ToldByRule(one, *verdict, input, judging));
  }
  if (planned.test.expect) result.unmet = UnmetExpectations(*planned.test.expect, result);
  return result;
}

std::vector<std::string> UnmetExpectations(const policy::TestExpectation& expect,
                                           const report::PolicyTestResult& result) {
  std::vector<std::string> unmet;
  const auto worst = report::WorstVerdict(result);
  const std::string actual(worst ? VerdictName(*worst) : "NotJudged");
  const bool asks = expect.verdict || expect.not_judged;
  const std::string wanted(expect.verdict ? VerdictName(*expect.verdict) : "NotJudged");
  if (asks && actual != wanted) unmet.push_back("verdict is " + actual + ", expected " + wanted);
  const Action answer = report::AnswerOf(result);
  if (expect.answer && answer != *expect.answer) {
    unmet.push_back("answer is " + std::string(ActionName(answer)) + ", expected " +
                    std::string(ActionName(*expect.answer)));
  }
  // An image that no policy is about has no rule that fails, and passes nothing.
  if (!worst && !expect.not_judged) unmet.emplace_back("no policy is about this image");
  CompareRules(expect.fails, Verdict::kFail, "fail", result, unmet);
  CompareRules(expect.warns, Verdict::kWarn, "warn", result, unmet);
  CompareRules(expect.undecided, Verdict::kUnknown, "are undecided", result, unmet);
  return unmet;
}

}  // namespace landwaiter::cli
