// What policies say of what runs, as the Policy Working Group's reports: PolicyReport of
// wgpolicyk8s.io/v1alpha2 (kubernetes-sigs/wg-policy-prototypes, policy-report/crd) and Report of
// openreports.io/v1alpha1 (openreports/reports-api), which differ in names more than in fields.
// Pure.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "controller/runtime/judged.h"
#include "controller/runtime/running_fails.h"

namespace landwaiter::controller {

struct ReportKind {
  std::string_view option;  // of --policy-reports
  kube::Resource resource;
  bool names_source;  // the object has a field `source`, beside those of its results
};
inline constexpr ReportKind kReportKinds[] = {
    {"wgpolicy", {"wgpolicyk8s.io", "v1alpha2", "policyreports", "PolicyReport", true}, false},
    {"openreports", {"openreports.io", "v1alpha1", "reports", "Report", true}, true},
};

/// One image as one workload runs it.
struct ReportSubject {
  kube::EventTarget owner;
  std::string reference;
  std::shared_ptr<const ScanRecord> scan;
  std::uint64_t pods = 0;
};

/// Worst first.
enum class ReportOutcome { kFail, kError, kWarn, kSkip, kPass };
std::string_view OutcomeName(ReportOutcome outcome);  // as the reports' schemas write it

/// What one rule says of one subject.
struct ReportResult {
  kube::EventTarget owner;
  std::string reference;
  std::string policy;
  std::string rule;
  ReportOutcome outcome = ReportOutcome::kSkip;
  std::string severity;  // critical, high, medium, low; "" where nothing is wrong
  std::string message;
  std::int64_t seconds = 0;  // when that was found, Unix time; 0: not known
  std::map<std::string, std::string> properties;
};

// Bounds of one object, far below etcd's 1.5 MiB, and of a namespace's objects.
inline constexpr std::size_t kMaxReportResults = 500;
inline constexpr std::size_t kMaxReportBytes = 512u << 10;
inline constexpr std::size_t kMaxReports = 16;
inline constexpr std::size_t kMaxReportMessage = 1024;

/// A result for each rule of each policy that is for the name; `policies` are those in force in the
/// namespace. Rules that need a scan are skipped until there is one, and errors where something
/// could not be decided.
void AddResults(const Policies& policies, const ReportSubject& subject, TimePoint now,
                std::vector<ReportResult>& results);

struct SplitReport {
  std::vector<std::vector<ReportResult>> parts;
  std::uint64_t left_out = 0;  // of the least bad
};
/// Sorted: what fails first, then by workload, image, policy and rule.
SplitReport SplitResults(std::vector<ReportResult> results);

enum class SeverityWords {
  kAll,    // critical, high, medium, low, info
  kThree,  // high, medium, low: the first schemas of v1alpha2
};
/// "landwaiter", "landwaiter-2", …; `part` counts from 0.
std::string ReportName(std::size_t part);
nlohmann::json ReportObject(const ReportKind& kind, const std::string& ns, std::size_t part,
                            const std::vector<ReportResult>& results, SeverityWords words);

}  // namespace landwaiter::controller
