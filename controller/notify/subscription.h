// Who is told of what: the file that --notifications names (docs/notifications.md), as JSON.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "model/finding.h"

namespace landwaiter::controller {

enum class MessageFormat { kCloudEvents, kSlack };
enum class ChangeType { kVerdictChanged, kFindingsNew, kScanFailed };
/// "verdict.changed", "findings.new", "scan.failed".
std::string_view ChangeTypeName(ChangeType type);

inline constexpr std::size_t kMaxSubscriptions = 16;

struct Subscription {
  std::string name;      // its box in the outbox; another name is another subscription
  std::string url_file;  // holds the URL, which may be a secret; read at each delivery
  MessageFormat format = MessageFormat::kCloudEvents;
  std::string hmac_key_file;                     // "": messages are not signed
  std::set<ChangeType> types;                    // empty: all
  std::vector<std::string> namespaces;           // patterns; empty: all
  Severity severity_at_least = Severity::kHigh;  // of findings

  bool Wants(ChangeType type) const { return types.empty() || types.contains(type); }
  /// Whether something in one of these namespaces is to be told.
  bool IsAbout(const std::vector<std::string>& names) const;
  /// Those of the namespaces that it is about.
  std::vector<std::string> Among(const std::vector<std::string>& names) const;
  /// Whether a new finding is news: bad enough, or nobody knows how bad.
  bool Counts(const Finding& finding) const;
};

struct NotificationOptions {
  std::string source = "landwaiter";  // CloudEvents' attribute: which installation speaks
  std::vector<Subscription> subscriptions;
};

/// Errors: InvalidArgument naming the field, ResourceExhausted.
Result<NotificationOptions> ParseNotifications(std::string_view json);
/// The same, of a file. Errors: those of the file, too.
Result<NotificationOptions> ReadNotifications(const std::string& path);

}  // namespace landwaiter::controller
