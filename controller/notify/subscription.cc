#include "controller/notify/subscription.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/text.h"

namespace landwaiter::controller {
namespace {

constexpr std::size_t kMaxFileBytes = 256u << 10;
constexpr std::size_t kMaxName = 63;
constexpr ChangeType kTypes[] = {ChangeType::kVerdictChanged, ChangeType::kFindingsNew,
                                 ChangeType::kScanFailed};

bool IsName(const std::string& name) {
  return !name.empty() && name.size() <= kMaxName &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

/// The characters of RFC 3986: what CloudEvents 1.0 wants of `source`.
bool IsUriReference(const std::string& text) {
  const auto hex = [&](std::size_t at) {
    return at < text.size() &&
           std::string_view("0123456789abcdefABCDEF").find(text[at]) != std::string_view::npos;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~:/?#[]@!$&'()*+,;=").find(c) != std::string_view::npos;
    if (!plain && !(c == '%' && hex(i + 1) && hex(i + 2))) return false;
  }
  return !text.empty();
}

void ReadTypes(JsonFields& fields, Subscription& out) {
  std::vector<std::string> words;
  fields.Strings("types", words, 16, 64);
  for (const std::string& word : words) {
    const auto* found = std::find_if(std::begin(kTypes), std::end(kTypes),
                                     [&](ChangeType type) { return ChangeTypeName(type) == word; });
    if (found == std::end(kTypes)) {
      fields.Fail("types", "'" + text::Printable(word) +
                               "' is none of verdict.changed, findings.new, scan.failed");
    } else {
      out.types.insert(*found);
    }
  }
}

Status ReadOne(JsonFields& fields, Subscription& out) {
  std::string format = "cloudevents", severity = "High";
  fields.String("name", out.name, 256);
  fields.String("urlFile", out.url_file);
  fields.String("format", format, 64);
  fields.String("hmacKeyFile", out.hmac_key_file);
  fields.Strings("namespaces", out.namespaces, 256, 64);
  fields.String("severityAtLeast", severity, 64);
  ReadTypes(fields, out);
  if (!IsName(out.name)) fields.Fail("name", "must be 1 to 63 of a-z, 0-9 and '-'");
  if (out.url_file.empty()) fields.Fail("urlFile", "is needed: a file that holds the URL");
  if (format != "cloudevents" && format != "slack") {
    fields.Fail("format", "must be cloudevents or slack");
  }
  out.format = format == "slack" ? MessageFormat::kSlack : MessageFormat::kCloudEvents;
  const auto known = ParseSeverity(severity);
  if (!known) fields.Fail("severityAtLeast", "must be a severity, as High");
  out.severity_at_least = known.value_or(Severity::kHigh);
  return fields.Done();
}

}  // namespace

std::string_view ChangeTypeName(ChangeType type) {
  switch (type) {
    case ChangeType::kVerdictChanged:
      return "verdict.changed";
    case ChangeType::kFindingsNew:
      return "findings.new";
    case ChangeType::kScanFailed:
      return "scan.failed";
  }
  return "";
}

bool Subscription::Counts(const Finding& finding) const {
  return !finding.host_kernel &&
         (finding.severity == Severity::kUnknown || finding.severity >= severity_at_least);
}

bool Subscription::IsAbout(const std::vector<std::string>& names) const {
  if (namespaces.empty()) return true;
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return std::any_of(namespaces.begin(), namespaces.end(),
                       [&](const std::string& pattern) { return text::GlobMatch(pattern, name); });
  });
}

std::vector<std::string> Subscription::Among(const std::vector<std::string>& names) const {
  std::vector<std::string> own;
  for (const std::string& name : names) {
    if (IsAbout({name})) own.push_back(name);
  }
  return own;
}

Result<NotificationOptions> ParseNotifications(std::string_view json) {
  auto document = ParseJson(json, {kMaxFileBytes, 8, 20'000});
  if (!document) return std::move(document).error();
  NotificationOptions out;
  JsonFields fields(*document, "");
  fields.String("source", out.source, 1024);
  fields.Objects("subscriptions", kMaxSubscriptions, [&](JsonFields& item) {
    Subscription one;
    Status read = ReadOne(item, one);
    for (const Subscription& other : out.subscriptions) {
      if (other.name == one.name) item.Fail("name", "is another subscription's, too");
    }
    out.subscriptions.push_back(std::move(one));
    return read ? item.Done() : std::move(read);
  });
  if (!IsUriReference(out.source)) {
    fields.Fail("source",
                "must be a URI reference that says which installation speaks, as prod-eu or "
                "https://landwaiter.example.com (no blanks)");
  }
  if (Status done = fields.Done(); !done) return std::move(done).error();
  return out;
}

Result<NotificationOptions> ReadNotifications(const std::string& path) {
  auto bytes = ReadFile(path, kMaxFileBytes);
  if (!bytes) return std::move(bytes).error();
  auto options = ParseNotifications(*bytes);
  if (!options) return std::move(options).error().Context(path);
  return options;
}

}  // namespace landwaiter::controller
