#include "controller/notify/message.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>

#include "lib/base/json.h"
#include "lib/base/text.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxText = 256;
constexpr std::size_t kMaxNamespaces = 100;
constexpr std::size_t kMaxRules = 16;
constexpr std::size_t kFindingsInText = 10;

std::string Short(const std::string& text, std::size_t limit = kMaxText) {
  return text::Truncate(text::Printable(text), limit);
}

json OrNull(const std::string& text) { return text.empty() ? json(nullptr) : json(Short(text)); }

json FindingsOf(const Occasion& occasion) {
  json out = json::array();
  for (const Finding& finding : occasion.findings) {
    if (out.size() == kMaxToldFindings) break;
    out.push_back({{"id", Short(finding.id)},
                   {"severity", SeverityName(finding.severity)},
                   {"package", Short(finding.package)},
                   {"installedVersion", Short(finding.installed_version)},
                   {"fixedVersion", OrNull(finding.fixed_version)},
                   {"path", OrNull(finding.path)},
                   {"url", OrNull(finding.url)}});
  }
  return out;
}

json PoliciesOf(const resources::ImageScanStatus& status) {
  json out = json::array();
  for (const auto& policy : status.policies) {
    json rules = json::array();
    for (const auto& violation : policy.violations) {
      if (rules.size() == kMaxRules) break;
      rules.push_back({{"rule", Short(violation.rule)},
                       {"count", violation.count},
                       {"message", Short(violation.message, 2 * kMaxText)}});
    }
    out.push_back({{"name", Short(policy.name)}, {"verdict", policy.verdict}, {"rules", rules}});
  }
  return out;
}

std::string ReadyMessage(const resources::ImageScanStatus& status) {
  const auto* ready = resources::FindCondition(status.conditions, "Ready");
  return ready == nullptr ? "" : ready->message;
}

json DataOf(const Change& change, const Occasion& occasion) {
  const auto& status = occasion.scan.status;
  json namespaces = json::array();
  for (const auto& name : occasion.namespaces) {
    if (namespaces.size() < kMaxNamespaces) namespaces.push_back(Short(name));
  }
  json data{{"image", Short(occasion.scan.spec.image, 512)},
            {"name", Short(status.display_name, 512)},
            {"imageScan", occasion.scan.name},
            {"namespaces", std::move(namespaces)},
            {"pods", occasion.pods}};
  switch (change.type) {
    case ChangeType::kVerdictChanged:
      data["verdict"] = {{"from", OrNull(change.from)}, {"to", change.to}};
      data["policies"] = PoliciesOf(status);
      break;
    case ChangeType::kFindingsNew:
      data["count"] = occasion.findings.size();
      data["findings"] = FindingsOf(occasion);
      break;
    case ChangeType::kScanFailed:
      data["reason"] = Short(change.to);
      data["message"] = Short(ReadyMessage(status), 1024);
      break;
  }
  return data;
}

/// Slack's own three (api.slack.com, "Escaping text"): nothing of a name is a link or a mention.
std::string Escaped(const std::string& text) {
  std::string out;
  for (const char c : Short(text, 512)) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c == '*' || c == '`' || c == '_' || c == '~' ? ' ' : c;
    }
  }
  return out;
}

std::string Lines(const Change& change, const Occasion& occasion) {
  std::string out;
  const auto line = [&](const std::string& text) { out += "\n• " + text; };
  if (change.type == ChangeType::kVerdictChanged) {
    for (const auto& policy : occasion.scan.status.policies) {
      for (const auto& violation : policy.violations) {
        if (violation.fails && std::count(out.begin(), out.end(), '\n') < 5) {
          line(Escaped(policy.name) + ", " + Escaped(violation.rule) + ": " +
               Escaped(violation.message));
        }
      }
    }
  }
  for (std::size_t i = 0; i < std::min(occasion.findings.size(), kFindingsInText); ++i) {
    const Finding& finding = occasion.findings[i];
    line(Escaped(finding.id) + " " + std::string(SeverityName(finding.severity)) + ": " +
         Escaped(finding.package) + " " + Escaped(finding.installed_version) +
         (finding.fixed_version.empty() ? "" : ", fixed in " + Escaped(finding.fixed_version)));
  }
  if (occasion.findings.size() > kFindingsInText) {
    line("and " + std::to_string(occasion.findings.size() - kFindingsInText) + " more");
  }
  return out;
}

std::string TextOf(const Change& change, const Occasion& occasion) {
  std::string where;
  for (std::size_t i = 0; i < std::min<std::size_t>(occasion.namespaces.size(), 5); ++i) {
    where += (i == 0 ? " in " : ", ") + Escaped(occasion.namespaces[i]);
  }
  std::string what;
  switch (change.type) {
    case ChangeType::kVerdictChanged:
      what = "verdict " + (change.from.empty() ? "" : Escaped(change.from) + " → ") +
             Escaped(change.to);
      break;
    case ChangeType::kFindingsNew:
      what = std::to_string(occasion.findings.size()) + " new findings";
      break;
    case ChangeType::kScanFailed:
      what = "cannot be scanned: " + Escaped(change.to) + ": " +
             Escaped(ReadyMessage(occasion.scan.status));
      break;
  }
  return "*" + Escaped(occasion.scan.status.display_name) + "* " + what + " (" +
         std::to_string(occasion.pods) + (occasion.pods == 1 ? " pod" : " pods") + where + ")" +
         Lines(change, occasion);
}

}  // namespace

std::string MessageFor(const Subscription& subscription, const std::string& source,
                       const std::string& id, const Change& change, const Occasion& occasion,
                       TimePoint now) {
  if (subscription.format == MessageFormat::kSlack) {
    return DumpJson({{"text", TextOf(change, occasion)}});
  }
  return DumpJson({{"specversion", "1.0"},
                   {"id", id},
                   {"source", source},
                   {"type", "io.landwaiter.image." + std::string(ChangeTypeName(change.type))},
                   // What could not be scanned may have no digest there; "" is no subject.
                   {"subject", occasion.scan.status.digest.empty() ? occasion.scan.name
                                                                   : occasion.scan.status.digest},
                   {"time", FormatTime(now)},
                   {"datacontenttype", "application/json"},
                   {"data", DataOf(change, occasion)}});
}

const char* ContentType(MessageFormat format) {
  return format == MessageFormat::kSlack ? "application/json; charset=utf-8"
                                         : "application/cloudevents+json; charset=utf-8";
}

std::string NewMessageId() {
  std::random_device random;
  std::string hex;
  for (int word = 0; word < 4; ++word) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::uint32_t bits = random();
    for (int i = 0; i < 8; ++i, bits >>= 4) hex += kDigits[bits & 15];
  }
  hex[12] = '4';
  hex[16] = "89ab"[static_cast<unsigned>(hex[16]) & 3];
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
         hex.substr(16, 4) + "-" + hex.substr(20);
}

}  // namespace landwaiter::controller
