#include "cli/policy_test.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/interrupt.h"
#include "cli/outputs.h"
#include "cli/policy_cases.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "report/policy_test.h"

namespace landwaiter::cli {
namespace {

constexpr std::string_view kReportPrefix = "report:";

struct TestFlags {
  std::vector<std::string> files;
  std::string on;
  std::string reference;
  std::string ns;
  std::string at;
  std::vector<std::string> exceptions;
  std::vector<std::string> vex;
  ImageFlags source;
  std::vector<std::string> formats;
  std::string output;

  bool HasCaseFlags() const {
    return !reference.empty() || !ns.empty() || !at.empty() || !exceptions.empty() || !vex.empty();
  }
};

FormatNames Known() { return FormatNamesOf(report::PolicyTestFormats()); }

/// What the flags ask without a file of tests.
Result<policy::TestCase> CaseOfFlags(const TestFlags& flags) {
  policy::TestCase test;
  test.name = flags.on;
  test.policies = flags.files;
  test.exceptions = flags.exceptions;
  test.vex = flags.vex;
  test.reference = flags.reference;
  test.ns = flags.ns;
  if (flags.on.starts_with(kReportPrefix)) {
    test.report = flags.on.substr(kReportPrefix.size());
    if (test.report.empty()) return InvalidArgument("--on " + flags.on + " names no file");
  } else {
    test.image = flags.on;
  }
  if (flags.at.empty()) return test;
  auto at = ParseTime(flags.at);
  if (!at) return std::move(at).error().Context("--at");
  test.at = *at;
  return test;
}

Result<std::vector<PlannedCase>> PlanCases(const TestFlags& flags, TimePoint now) {
  std::vector<PlannedCase> planned;
  if (!flags.on.empty()) {
    auto test = CaseOfFlags(flags);
    if (!test) return std::move(test).error();
    auto one = PlanCase("--on", *std::move(test), flags.source, now);
    if (!one) return std::move(one).error();
    planned.push_back(*std::move(one));
    return planned;
  }
  if (flags.HasCaseFlags()) {
    return InvalidArgument(
        "--reference, --namespace, --at, --exceptions and --vex go with --on; a file of tests "
        "says for itself what is judged");
  }
  for (const std::string& file : flags.files) {
    auto cases = ReadTestFile(file);
    if (!cases) return std::move(cases).error();
    for (policy::TestCase& test : *cases) {
      auto one = PlanCase(file, std::move(test), flags.source, now);
      if (!one) return std::move(one).error();
      planned.push_back(*std::move(one));
    }
  }
  return planned;
}

/// Without an expectation the policies' own answer is what counts, as for `scan`.
int ExitCodeOf(const std::vector<PlannedCase>& planned,
               const std::vector<report::PolicyTestResult>& results) {
  int code = kExitOk;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const report::PolicyTestResult& one = results[i];
    if (!one.error.empty()) return kExitIncomplete;
    if (!one.unmet.empty()) code = kExitPolicyFailed;
    if (planned[i].test.expect || report::AnswerOf(one) != Action::kDeny) continue;
    const auto fails = [](const report::JudgedPolicy& p) {
      return p.answer == Action::kDeny && p.verdict == Verdict::kFail;
    };
    const bool failed = std::any_of(one.policies.begin(), one.policies.end(), fails);
    code = failed ? kExitPolicyFailed : kExitIncomplete;
  }
  return code;
}

int Run(const TestFlags& flags) {
  if (Status status = CheckRegistryFlags(flags.source.registry); !status) {
    return Complain("landwaiter", status.error(), kExitUsage);
  }
  auto outputs = ParseOutputs(flags.formats, flags.output, Known());
  if (!outputs) return Complain("landwaiter", outputs.error(), kExitUsage);
  auto planned = PlanCases(flags, SystemClock().Now());
  if (!planned) return Complain("landwaiter", planned.error(), kExitUsage);
  if (flags.source.verbose) log::Configure(log::Level::kDebug, log::Format::kText);
  Interrupt interrupt;
  const Cancellation cancel{interrupt.Token()};
  CaseJudge judge(flags.source);
  std::vector<report::PolicyTestResult> results;
  for (PlannedCase& one : *planned) {
    for (const std::string& note : one.policies.notes) {
      std::fprintf(stderr, "landwaiter: %s\n", text::Printable(note).c_str());
    }
    results.push_back(judge.Judge(one, cancel));
  }
  const Status printed = WriteOutputs(*outputs, [&](const Output& output, std::ostream& out) {
    for (const report::PolicyTestFormat& format : report::PolicyTestFormats()) {
      if (format.name == output.format) format.write(results, out);
    }
  });
  if (!printed) return Complain("landwaiter", printed.error(), kExitIncomplete);
  return ExitCodeOf(*planned, results);
}

}  // namespace

void AddPolicyTest(CLI::App& policy, int& exit_code) {
  auto flags = std::make_shared<TestFlags>();
  CLI::App* app = policy.add_subcommand(
      "test", "Run tests of policies, or say what policies make of one report or image.");
  app->add_option("FILE", flags->files,
                  "files of PolicyTests; with --on, of the ScanPolicies that judge")
      ->required();
  app->add_option("--on", flags->on,
                  "judge this, without a file of tests: report:FILE (what scan --format json "
                  "wrote), or an image as scan takes it");
  app->add_option("--reference", flags->reference, "with --on: the name it is pulled by");
  app->add_option("--namespace", flags->ns, "with --on: where it is to run");
  app->add_option("--at", flags->at,
                  "with --on: the day or moment of the judgement (default: now)");
  app->add_option("--exceptions", flags->exceptions,
                  "with --on: file with ScanExceptions; may be repeated");
  app->add_option("--vex", flags->vex, "with --on: file of VEX statements; may be repeated");
  app->add_option(
      "--format", flags->formats,
      "NAME, or NAME=FILE to write it there; may be repeated. " + DescribeFormats(Known()));
  app->add_option("--output,-o", flags->output,
                  "write what the --format that names no file makes to this one");
  AddImageFlags(*app, flags->source);
  app->footer(
      "Exit codes: 0 all is as expected (with --on: no policy denies); 1 something is not (a "
      "policy fails); 2 bad usage, or a file of tests or policies that cannot be read; 3 a case "
      "could not be judged: an image not scanned, a report not read or without what a rule asks "
      "about (a policy denies what it cannot decide).");
  app->callback([flags, &exit_code] { exit_code = Run(*flags); });
}

}  // namespace landwaiter::cli
