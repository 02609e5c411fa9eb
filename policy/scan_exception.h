// ScanException, landwaiter.io/v1alpha1: a team's own exception, in its namespace. It counts only
// for what runs there, and only as far as a policy's allowExceptions goes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "policy/policy.h"

namespace landwaiter::policy {

struct ScanException {
  std::string ns;
  std::string name;
  std::string uid;  // "" for a file
  std::int64_t generation = 0;
  TimePoint created{};  // of a file: when it was read
  PolicyException exception;
  /// Why it cannot be read: it excuses nothing. "" in the ordinary case.
  std::string error;
};

/// One API object. `now`: the time of creation where the object has none.
/// Errors: InvalidArgument for what is no ScanException with a name and a namespace;
/// ResourceExhausted. A spec that cannot be read is ScanException::error.
Result<ScanException> ScanExceptionFromJson(std::string_view json, TimePoint now);

/// Files of ScanExceptions, several documents in one. Strict: errors are as ParsePolicyFile's.
Result<std::vector<ScanException>> ParseScanExceptionFile(const std::string& path, TimePoint now);

/// The exception as `policy` takes it.
/// Errors: InvalidArgument for one that cannot be read; PermissionDenied that says why it does not:
/// no allowExceptions, another rule, too long, not approved, a whole rule about findings where
/// severityAtMost is set.
Result<PolicyException> TakenBy(const ScanPolicy& policy, const ScanException& exception);

/// Of one namespace, and of all together: each is compared with each finding, and whoever may make
/// them could make a million.
inline constexpr std::size_t kMaxTakenOfNamespace = 64;
inline constexpr std::size_t kMaxTaken = 2048;

/// The policy with those that it takes behind its own, sorted by namespace and name; of more than
/// kMaxTakenOfNamespace, or kMaxTaken, the first.
ScanPolicy WithScanExceptions(ScanPolicy policy, const std::vector<ScanException>& exceptions);

}  // namespace landwaiter::policy
