// The exceptions of one policy, asked about one image at one time. It remembers which ones excused
// something and which of them are about to end or have just ended.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "model/finding.h"
#include "model/image_reference.h"
#include "policy/policy.h"

namespace landwaiter::policy {

/// The end of an exception is announced from two weeks before until two weeks after.
inline constexpr auto kAnnounceExpiry = std::chrono::days(14);

class ExceptionBook {
 public:
  /// A probe excuses nothing and remembers what would have.
  enum class Mode { kExcuse, kProbe };

  /// `applicable`: indexes into policy.exceptions, ascending. Borrows policy for its own life.
  ExceptionBook(const ScanPolicy& policy, const std::vector<std::size_t>& applicable, TimePoint now,
                Mode mode = Mode::kExcuse);

  /// True where the whole rule is excused: by an exception without ids, packages and paths.
  bool ExcusesRule(std::string_view rule);
  bool ExcusesFinding(std::string_view rule, const Finding& finding);
  /// `path`: where the package was found, "" for one that is missing.
  bool ExcusesPackage(std::string_view rule, std::string_view package, std::string_view type,
                      std::string_view path);
  /// Of a rule about files: by an exception of paths alone.
  bool ExcusesPath(std::string_view rule, std::string_view path);

  /// "CVE-2023-0001 until 2027-01-31: reason", in the policy's order.
  std::vector<std::string> Used() const;
  /// Their indexes into ScanPolicy::exceptions, ascending.
  std::vector<std::size_t> UsedIndexes() const;
  /// Those that excused, or would have, and end or have ended within kAnnounceExpiry.
  std::vector<std::string> Ending() const;

 private:
  struct Entry {
    const PolicyException* exception = nullptr;
    std::size_t index = 0;
    bool expired = false;
    bool ending = false;
    bool met = false;
  };

  template <class Fits>
  bool Excuses(std::string_view rule, Fits fits);

  Mode mode_;
  std::vector<Entry> entries_;
};

/// Indexes of the exceptions that are for all images, and of those for some that every one of
/// `references` (at least one) matches; of those of a namespace only where every one of
/// `namespaces` (at least one) is it; ascending, whether they have ended or not.
std::vector<std::size_t> ExceptionsFor(const ScanPolicy& policy,
                                       const std::vector<ImageReference>& references,
                                       const std::vector<std::string>& namespaces);

std::string DescribeException(const PolicyException& exception);
bool IsEnding(const PolicyException& exception, TimePoint now);

}  // namespace landwaiter::policy
