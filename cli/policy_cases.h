// Cases of `landwaiter policy test`: read and checked first, then judged one after the other.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/judge.h"
#include "cli/scan_image.h"
#include "lib/base/cancellation.h"
#include "lib/base/result.h"
#include "policy/test_file.h"
#include "report/policy_test.h"

namespace landwaiter::cli {

/// A case whose files have all been read, but the report.
struct PlannedCase {
  std::string file;
  policy::TestCase test;  // with paths as they are from here
  PolicyFiles policies;
  matching::VexBook vex;
  std::optional<ImagePlan> image;  // nullopt: test.report
  std::optional<ImageReference> reference;
  TimePoint now;
};

/// The cases of a file of tests; its paths are taken from its folder on.
/// Errors: InvalidArgument, NotFound of the file or of one that it names.
Result<std::vector<policy::TestCase>> ReadTestFile(const std::string& path);
/// Errors: InvalidArgument, NotFound, naming the case.
Result<PlannedCase> PlanCase(const std::string& file, policy::TestCase test,
                             const ImageFlags& flags, TimePoint now);

/// Judges planned cases; the database is opened where one of them scans.
class CaseJudge {
 public:
  explicit CaseJudge(const ImageFlags& flags) : flags_(flags) {}
  /// A case that cannot be judged says so in its result.
  report::PolicyTestResult Judge(PlannedCase& planned, const Cancellation& cancel);

 private:
  struct Facts;
  Result<Facts> Gather(PlannedCase& planned, const Cancellation& cancel);
  Result<Facts> Scan(PlannedCase& planned, const Cancellation& cancel);

  const ImageFlags& flags_;
  std::unique_ptr<advisories::AdvisoryDatabase> database_;
  std::unique_ptr<service::LayerCache> layer_cache_;
};

/// What of the expectation is not so: "verdict is Fail, expected Pass".
std::vector<std::string> UnmetExpectations(const policy::TestExpectation& expect,
                                           const report::PolicyTestResult& result);

}  // namespace landwaiter::cli
