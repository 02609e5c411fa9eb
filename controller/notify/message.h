// A change as it is sent: CloudEvents 1.0.2 in structured JSON mode (its JSON event format and HTTP
// protocol binding), or what Slack's incoming webhooks take.
#pragma once

#include <string>
#include <vector>

#include "controller/notify/image_state.h"
#include "controller/notify/subscription.h"
#include "lib/base/clock.h"
#include "model/finding.h"
#include "resources/image_scan.h"

namespace landwaiter::controller {

/// Findings that one message names; how many there are is said.
inline constexpr std::size_t kMaxToldFindings = 50;

/// What a message is about.
struct Occasion {
  resources::ImageScan scan;            // whole
  std::vector<std::string> namespaces;  // where it runs
  std::uint64_t pods = 0;
  std::vector<Finding> findings;  // kFindingsNew: those that are new, the worst first
};

/// The body of the request. `id` stays the same however often it is sent.
std::string MessageFor(const Subscription& subscription, const std::string& source,
                       const std::string& id, const Change& change, const Occasion& occasion,
                       TimePoint now);
/// The request's Content-Type.
const char* ContentType(MessageFormat format);

/// Random, as RFC 9562 has version 4.
std::string NewMessageId();

}  // namespace landwaiter::controller
