// ScanException.status: which policies take it, which images it excuses now, and when it ends. What
// no policy takes, and what is about to end, has an Event that says so.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/policy_book.h"
#include "controller/workers.h"
#include "lib/base/clock.h"
#include "lib/kube/event_recorder.h"
#include "lib/kube/informer.h"

namespace landwaiter::controller {

/// Whether the namespace knows of the image anyway: it runs it, or was the first to ask for it. An
/// exception of somebody's for all packages must not tell them what runs elsewhere.
bool IsKnownIn(const resources::ImageScan& scan, const std::string& ns);

struct ExcusedImages {
  std::size_t count = 0;
  std::vector<std::string> known;  // names of those that the namespace knows of
};

/// `takers`: names of the policies that take it; `refusals`: why others that take ScanExceptions at
/// all do not. Adds the conditions Accepted and Expired to those that stand.
ExceptionStatus JudgeException(const ExceptionRecord& record,
                               const std::vector<std::string>& takers,
                               const std::vector<std::string>& refusals,
                               const ExcusedImages& excused, TimePoint now);

struct ExceptionEvent {
  kube::EventType type;
  std::string reason;
  std::string message;
};
/// What people are told when it is not taken any more, ends soon or has ended.
std::vector<ExceptionEvent> EventsOf(const std::vector<resources::Condition>& before,
                                     const std::vector<resources::Condition>& after);

class ExceptionReconciler {
 public:
  ExceptionReconciler(kube::Api& api, const Clock& clock,
                      const kube::Informer<ExceptionRecord>& exceptions, const PolicyBook& policies,
                      const kube::Informer<ScanRecord>& scans, kube::EventRecorder& events)
      : api_(api),
        clock_(clock),
        exceptions_(exceptions),
        policies_(policies),
        scans_(scans),
        events_(events) {}

  Outcome Reconcile(const kube::ObjectKey& key, const Cancellation& cancel);

 private:
  /// Of which a judgement rests on it.
  ExcusedImages Excused(const ExceptionRecord& record) const;

  kube::Api& api_;
  const Clock& clock_;
  const kube::Informer<ExceptionRecord>& exceptions_;
  const PolicyBook& policies_;
  const kube::Informer<ScanRecord>& scans_;
  kube::EventRecorder& events_;
};

}  // namespace landwaiter::controller
