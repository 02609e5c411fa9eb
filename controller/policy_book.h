// The policies as they stand: each with the ScanExceptions that it takes. One for the whole role,
// so that everything judges by the same.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "controller/judge.h"
#include "controller/records.h"
#include "lib/kube/informer.h"

namespace landwaiter::controller {

/// Thread-safe.
class PolicyBook {
 public:
  PolicyBook(const kube::Informer<PolicyRecord>& policies,
             const kube::Informer<ExceptionRecord>& exceptions)
      : policies_(policies), exceptions_(exceptions) {}

  /// Sorted by name.
  Policies List() const;
  /// Null where there is none of that name.
  std::shared_ptr<const PolicyRecord> Get(const std::string& name) const;
  /// To be called after each change of either kind.
  void Changed() { ++changes_; }

 private:
  const kube::Informer<PolicyRecord>& policies_;
  const kube::Informer<ExceptionRecord>& exceptions_;
  std::atomic<std::uint64_t> changes_{1};
  mutable std::mutex mutex_;
  mutable std::uint64_t listed_at_ = 0;  // of changes_
  mutable Policies list_;
};

}  // namespace landwaiter::controller
