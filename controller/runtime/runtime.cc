#include "controller/runtime/runtime.h"

namespace landwaiter::controller {
namespace {

const std::string kFalcoKey = "falco";
const std::string kReportsKey = "policyreports";
const std::string kHistoryKey = "history";
// The more there is to look at, the slower: 5 s later where there are 20,000 scans.
constexpr std::size_t kScansAMillisecond = 4;

}  // namespace

Runtime::Runtime(Parts parts)
    : scans_(parts.falco.scans),
      falco_(std::move(parts.falco)),
      reports_(std::move(parts.reports)),
      history_(parts.history),
      workers_(queue_, {.name = "runtime", .threads = 1, .metrics = parts.metrics},
               std::move(parts.leading),
               [this](const std::string& key, const Cancellation& cancel) {
                 return Reconcile(key, cancel);
               }) {
  if (parts.metrics == nullptr) return;
  parts.metrics->AddCallback("landwaiter_running_failing_images",
                             "Images that pods run and whose verdict is Fail.",
                             [this] { return static_cast<double>(CountFailing().images); });
  parts.metrics->AddCallback("landwaiter_running_failing_pods",
                             "Pods of images whose verdict is Fail.",
                             [this] { return static_cast<double>(CountFailing().pods); });
}

Runtime::Failing Runtime::CountFailing() const {
  Failing out;
  scans_.ForEach([&](const std::string&, const ScanRecord& record) {
    const auto& status = record.scan.status;
    if (!status.canonical.empty() || status.verdict != "Fail" || status.used_by_pods == 0) return;
    ++out.images;
    out.pods += status.used_by_pods;
  });
  return out;
}

void Runtime::Changed() {
  const std::chrono::milliseconds more(scans_.size() / kScansAMillisecond);
  if (falco_.Enabled()) queue_.AddAfter(kFalcoKey, kFalcoPace + more);
  if (reports_.Enabled()) queue_.AddAfter(kReportsKey, kReportPace + more);
  if (history_.Enabled()) queue_.AddAfter(kHistoryKey, kHistoryDelay + more);
}

void Runtime::Forget() {
  queue_.Clear();
  falco_.Forget();
  reports_.Forget();
}

Outcome Runtime::Reconcile(const std::string& key, const Cancellation& cancel) {
  if (key == kReportsKey) return reports_.Reconcile(cancel);
  if (key == kHistoryKey) return history_.Reconcile();
  return falco_.Reconcile(cancel);
}

}  // namespace landwaiter::controller
