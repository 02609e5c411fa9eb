// The `image` rule's demands on user, ports and labels. The user is compared by uid where the
// image's /etc/passwd tells it, because "0", "0:0", "root:root" and no user at all are the same
// one.
#include <algorithm>
#include <charconv>

#include "lib/base/text.h"
#include "policy/formats.h"
#include "policy/rules/image_rule.h"

namespace landwaiter::policy {
namespace {

std::optional<std::uint64_t> AsNumber(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The user without its group: "app:staff" is "app".
std::string_view UserName(const ImageConfig& config) {
  return std::string_view(config.user).substr(0, config.user.find(':'));
}

/// What the scanner resolved, else what needs no /etc/passwd: no user and a plain number.
std::optional<std::uint64_t> Uid(const ImageConfig& config) {
  if (config.uid) return config.uid;
  const std::string_view name = UserName(config);
  if (name.empty()) return 0;
  return AsNumber(name);
}

std::string DescribeUser(const ImageConfig& config) {
  return config.user.empty() ? "no USER is set" : "USER is '" + Shown(config.user) + "'";
}

bool Overlap(const PortRange& a, const PortRange& b) {
  const bool protocol = a.protocol.empty() || b.protocol.empty() || a.protocol == b.protocol;
  return protocol && a.first <= b.last && b.first <= a.last;
}

bool Contains(const PortRange& outer, const PortRange& inner) {
  const bool protocol = outer.protocol.empty() || outer.protocol == inner.protocol;
  return protocol && outer.first <= inner.first && inner.last <= outer.last;
}

}  // namespace

void CheckRoot(const ImageConfig& config, RuleOutcome& outcome) {
  const auto uid = Uid(config);
  if (!uid) {
    outcome.unknown.push_back("runsAsRoot: " + DescribeUser(config) +
                              ", whose uid the image's /etc/passwd does not tell");
  } else if (*uid == 0) {
    ViolateImage(outcome, "USER", "runs as root: " + DescribeUser(config) + " (uid 0)");
  }
}

void CheckDeniedUsers(const std::vector<std::string>& denied, const ImageConfig& config,
                      RuleOutcome& outcome) {
  const std::string_view name = UserName(config);
  const auto uid = Uid(config);
  const bool name_known = !name.empty() && !AsNumber(name);
  std::string open;
  for (const std::string& user : denied) {
    const auto denied_uid = user == "root" ? std::optional<std::uint64_t>(0) : AsNumber(user);
    const bool same_name = user == name || (name.empty() && user == "root");
    if (same_name || (denied_uid && uid && *denied_uid == *uid)) {
      ViolateImage(outcome, "USER",
                   DescribeUser(config) + ", which is denied ('" + Shown(user) + "')");
      return;
    }
    const bool decided = denied_uid ? uid.has_value() : name_known || uid == std::uint64_t{0};
    if (!decided && open.empty()) open = user;
  }
  if (!open.empty()) {
    outcome.unknown.push_back("deniedUsers: whether " + DescribeUser(config) + " is '" +
                              Shown(open) + "' cannot be told");
  }
}

void CheckPorts(const ImageRule& wanted, const ImageConfig& config, RuleOutcome& outcome) {
  for (const std::string& exposed : config.exposed_ports) {
    auto range = ParsePortRange(text::ToLower(exposed));
    if (!range) {
      outcome.unknown.push_back("ports: exposed port '" + Shown(exposed) + "' cannot be read");
      continue;
    }
    if (range->protocol.empty()) range->protocol = "tcp";
    const std::string subject = "port " + Shown(exposed);
    const bool denied = std::any_of(wanted.denied_ports.begin(), wanted.denied_ports.end(),
                                    [&](const PortRange& port) { return Overlap(port, *range); });
    const bool outside =
        wanted.allowed_ports &&
        std::none_of(wanted.allowed_ports->begin(), wanted.allowed_ports->end(),
                     [&](const PortRange& port) { return Contains(port, *range); });
    if (denied) {
      ViolateImage(outcome, subject, subject + " is exposed, which is denied");
    } else if (outside) {
      ViolateImage(outcome, subject, subject + " is exposed and not among those allowed");
    }
  }
}

void CheckLabels(const ImageRule& wanted, const ImageConfig& config, RuleOutcome& outcome) {
  for (const NameAndValue& label : wanted.required_labels) {
    const std::string subject = "label " + Shown(label.name);
    const auto found = config.labels.find(label.name);
    if (found == config.labels.end()) {
      ViolateImage(outcome, subject, subject + " is missing");
    } else if (!text::GlobMatch(label.value, found->second)) {
      ViolateImage(
          outcome, subject,
          subject + " is '" + Shown(found->second) + "', expected '" + Shown(label.value) + "'");
    }
  }
}

}  // namespace landwaiter::policy
