#include "report/facts.h"

#include <algorithm>
#include <tuple>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "policy/facts.h"

namespace landwaiter::report {
namespace {

bool IsUnreserved(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("-._~").find(c) != std::string_view::npos;
}

/// The order of Inventory::packages.
auto Key(const Package& package) {
  return std::tie(package.type, package.name, package.version, package.path);
}
auto Key(const Finding& finding) {
  return std::tie(finding.package_type, finding.package, finding.installed_version, finding.path);
}

}  // namespace

std::string DateOf(const ScanReport& report) {
  for (const std::string& text : {report.dated, report.database.built_at}) {
    if (const auto time = ParseTime(text)) return FormatTime(*time);
  }
  return "1970-01-01T00:00:00Z";
}

std::string Fingerprint(const std::vector<std::string_view>& parts) {
  Sha256 sum;
  for (const std::string_view part : parts) {
    // The length first: no two lists of parts are the same bytes.
    sum.Update(std::to_string(part.size()) + ":");
    sum.Update(part);
  }
  return std::string(sum.Finish().Hex().substr(0, 32));
}

std::string UuidOf(std::string_view seed) {
  std::string hex = Fingerprint({seed});
  hex[12] = '5';
  hex[16] = "89ab"[static_cast<std::size_t>(hex[16]) % 4];
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
         hex.substr(16, 4) + "-" + hex.substr(20);
}

std::string SeedOf(const ScanReport& report) {
  std::string seed = std::string("landwaiter ") + LANDWAITER_VERSION + '\n' + report.image + '\n' +
                     report.inventory.digest.ToString() + '\n' + report.database.id + '\n' +
                     DateOf(report) + '\n' +
                     std::string(SeverityName(report.filter.severity_at_least)) +
                     (report.filter.ignore_unfixed ? " fixed" : "") + '\n';
  for (const Inventory& platform : report.inventory.platforms) {
    seed += platform.platform.ToString() + ' ' + platform.manifest_digest.ToString() + '\n';
  }
  for (const PolicyVerdict& policy : report.policies) {
    seed += policy.policy + ' ' + std::string(VerdictName(policy.verdict)) + '\n';
  }
  for (const Excused& excused : report.excused) {
    seed += excused.violation + ' ' + excused.reason + '\n';
  }
  return seed;
}

std::vector<std::string> ComponentIds(const Inventory& inventory) {
  std::vector<std::string> ids;
  ids.reserve(inventory.packages.size());
  // Packages with the same key stand next to each other; their number in the row tells them apart.
  std::size_t same = 0;
  for (std::size_t i = 0; i < inventory.packages.size(); ++i) {
    const Package& package = inventory.packages[i];
    same = i > 0 && Key(package) == Key(inventory.packages[i - 1]) ? same + 1 : 0;
    const std::string number = std::to_string(same);
    const std::string type = PercentEncode(package.type);
    ids.push_back(
        (type.find_first_of("%._~") == std::string::npos && !type.empty() ? type : "other") + "-" +
        Fingerprint({package.type, package.name, package.version, package.path, number}));
  }
  return ids;
}

std::optional<std::size_t> PackageOf(const Inventory& inventory, const Finding& finding) {
  const auto& packages = inventory.packages;
  const auto at =
      std::lower_bound(packages.begin(), packages.end(), finding,
                       [](const Package& p, const Finding& f) { return Key(p) < Key(f); });
  if (at == packages.end() || Key(*at) != Key(finding)) return std::nullopt;
  return static_cast<std::size_t>(at - packages.begin());
}

std::string LayerDigest(const Inventory& inventory, int layer) {
  if (layer < 0 || static_cast<std::size_t>(layer) >= inventory.layers.size()) return {};
  return inventory.layers[static_cast<std::size_t>(layer)].digest.ToString();
}

const std::string& NameOf(const ScanReport& report) {
  return report.reference.empty() ? report.image : report.reference;
}

std::string ImagePurl(const ScanReport& report) {
  return ImagePurl(report, report.inventory.digest);
}

std::string ImagePurl(const ScanReport& report, const Digest& manifest) {
  const std::string version = "@" + PercentEncode(manifest.ToString());
  if (report.reference.empty()) return "pkg:oci/image" + version;
  // "host[:port]/path[:tag]"; a digest is the version.
  std::string name = report.reference.substr(0, report.reference.find('@'));
  const std::size_t slash = name.rfind('/');
  const std::size_t colon = name.rfind(':');
  std::string tag;
  if (colon != std::string::npos && (slash == std::string::npos || colon > slash)) {
    tag = name.substr(colon + 1);
    name.resize(colon);
  }
  const std::string last = slash == std::string::npos ? name : name.substr(slash + 1);
  return "pkg:oci/" + PercentEncode(text::ToLower(last)) + version +
         "?repository_url=" + PercentEncode(name, "/") +
         (tag.empty() ? "" : "&tag=" + PercentEncode(tag));
}

std::string PercentEncode(std::string_view text, std::string_view kept) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (IsUnreserved(c) || kept.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += '%';
      encoded += kHex[byte >> 4];
      encoded += kHex[byte & 15];
    }
  }
  return encoded;
}

bool IsWebAddress(std::string_view url) {
  constexpr std::size_t kMaxUrl = 2000;
  const std::size_t scheme = url.starts_with("https://") ? 8 : url.starts_with("http://") ? 7 : 0;
  if (scheme == 0 || url.size() > kMaxUrl || url.size() == scheme) return false;
  const char host = url[scheme];
  if (!IsUnreserved(host) || host == '.' || host == '~') return false;
  for (std::size_t i = scheme; i < url.size(); ++i) {
    const char c = url[i];
    if (c == '%') {
      const auto hex = [&](std::size_t at) {
        return at < url.size() &&
               std::string_view("0123456789abcdefABCDEF").find(url[at]) != std::string_view::npos;
      };
      if (!hex(i + 1) || !hex(i + 2)) return false;
    } else if (!IsUnreserved(c) &&
               std::string_view("/?&=+:@,;!$").find(c) == std::string_view::npos && c != '#') {
      return false;
    }
  }
  return std::count(url.begin(), url.end(), '#') <= 1;
}

std::string_view LowerSeverity(Severity severity, std::string_view negligible) {
  switch (severity) {
    case Severity::kCritical:
      return "critical";
    case Severity::kHigh:
      return "high";
    case Severity::kMedium:
      return "medium";
    case Severity::kLow:
      return "low";
    case Severity::kNegligible:
      return negligible;
    case Severity::kUnknown:
      break;
  }
  return "unknown";
}

std::string ExcusedBy(const ScanReport& report, const Finding& finding) {
  if (report.excused.empty()) return {};
  const std::string violation = policy::ViolationId(finding);
  auto at = std::lower_bound(
      report.excused.begin(), report.excused.end(), violation,
      [](const Excused& excused, const std::string& id) { return excused.violation < id; });
  std::vector<std::string> reasons;
  for (; at != report.excused.end() && at->violation == violation; ++at) {
    reasons.push_back(at->reason);
  }
  return text::Join(reasons, "; ");
}

}  // namespace landwaiter::report
