#include "scanner/packages/purl.h"

#include <algorithm>
#include <array>

#include "lib/base/text.h"

namespace landwaiter::packages {
namespace {

bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_' || c == '~' || c == ':';
}

std::string Encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (IsUnreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

std::string EncodeSegments(std::string_view path) {
  std::string out;
  for (const std::string_view segment : text::Split(path, '/')) {
    if (segment.empty()) continue;
    if (!out.empty()) out += '/';
    out += Encode(segment);
  }
  return out;
}

enum class Case { kLower, kKept };
enum class Namespace {
  kOfName,    // what stands before the last '/' of the name
  kOfSystem,  // the operating system's ID
};

// What a type's definition says of its names, and the qualifier that says what a package was built
// for.
struct TypeRule {
  std::string_view type;
  bool system;  // of packages of the operating system
  Case letters;
  Namespace space;
  std::string_view architecture_key;
};

constexpr std::array<TypeRule, 19> kRules = {{
    {"alpm", true, Case::kLower, Namespace::kOfSystem, "arch"},
    {"apk", true, Case::kLower, Namespace::kOfSystem, "arch"},
    {"cargo", false, Case::kKept, Namespace::kOfName, ""},
    {"cocoapods", false, Case::kKept, Namespace::kOfName, ""},
    {"composer", false, Case::kLower, Namespace::kOfName, ""},
    {"conda", false, Case::kKept, Namespace::kOfName, "subdir"},
    {"cran", false, Case::kKept, Namespace::kOfName, ""},
    {"deb", true, Case::kLower, Namespace::kOfSystem, "arch"},
    // A candidate without a definition; categories and names are written as Portage has them.
    {"ebuild", true, Case::kKept, Namespace::kOfName, "arch"},
    {"gem", false, Case::kKept, Namespace::kOfName, "platform"},
    {"golang", false, Case::kLower, Namespace::kOfName, ""},
    {"hex", false, Case::kLower, Namespace::kOfName, ""},
    {"luarocks", false, Case::kLower, Namespace::kOfName, ""},
    {"nuget", false, Case::kKept, Namespace::kOfName, ""},
    // No candidate either; other scanners write it so.
    {"opkg", true, Case::kLower, Namespace::kOfSystem, "arch"},
    {"otp", false, Case::kLower, Namespace::kOfName, ""},
    {"pub", false, Case::kLower, Namespace::kOfName, ""},
    {"rpm", true, Case::kKept, Namespace::kOfSystem, "arch"},
    {"swift", false, Case::kKept, Namespace::kOfName, ""},
}};
constexpr TypeRule kOtherRule = {"", false, Case::kLower, Namespace::kOfName, ""};

const TypeRule& RuleOf(std::string_view type) {
  const auto rule = std::find_if(kRules.begin(), kRules.end(),
                                 [&](const TypeRule& candidate) { return candidate.type == type; });
  return rule == kRules.end() ? kOtherRule : *rule;
}

// "group:artifact", of any case: an artifact's name has no ':', but a hostile one may.
std::string MavenName(std::string_view name) {
  const auto colon = name.find(':');
  if (colon == std::string_view::npos) return Encode(name);
  return Encode(name.substr(0, colon)) + "/" + Encode(name.substr(colon + 1));
}

std::string PypiName(std::string_view name) {
  std::string out = text::ToLower(name);
  for (char& c : out) {
    if (c == '_') c = '-';
  }
  return Encode(out);
}

// The vendor, which for these is not the system's ID: Red Hat's own purls say "redhat".
std::string NamespaceOf(const OperatingSystem& os) {
  if (os.family == "rhel") return "redhat";
  if (os.family.starts_with("opensuse")) return "opensuse";
  return text::ToLower(os.family);
}

std::string NameOf(const Package& package, const TypeRule& rule,
                   const std::optional<OperatingSystem>& os) {
  if (package.type == "pypi") return PypiName(package.name);
  if (package.type == "maven") return MavenName(package.name);
  const std::string name =
      rule.letters == Case::kLower ? text::ToLower(package.name) : package.name;
  if (rule.space == Namespace::kOfName) return EncodeSegments(name);
  if (!os || os->family.empty()) return Encode(name);
  return Encode(NamespaceOf(*os)) + "/" + Encode(name);
}

// rpm keeps its epoch in a qualifier.
std::string_view TakeEpoch(const Package& package, std::string_view& version) {
  if (package.type != "rpm") return {};
  const auto colon = version.find(':');
  if (colon == std::string_view::npos) return {};
  const std::string_view epoch = version.substr(0, colon);
  version.remove_prefix(colon + 1);
  return epoch;
}

}  // namespace

bool IsSystemType(std::string_view type) { return RuleOf(type).system; }

std::string BuildPurl(const Package& package, const std::optional<OperatingSystem>& os) {
  const TypeRule& rule = RuleOf(package.type);
  std::string purl = "pkg:" + package.type + "/" + NameOf(package, rule, os);
  std::string_view version = package.version;
  const std::string_view epoch = TakeEpoch(package, version);
  if (!version.empty()) purl += "@" + Encode(version);
  char separator = '?';
  const auto qualifier = [&](std::string_view key, std::string_view value) {
    if (key.empty() || value.empty()) return;
    purl += separator;
    purl += std::string(key) + "=" + Encode(value);
    separator = '&';
  };
  qualifier(rule.architecture_key, package.architecture);
  if (rule.system && os && !os->family.empty()) {
    const std::string& release = os->version.empty() ? os->codename : os->version;
    qualifier("distro", release.empty() ? os->family : os->family + "-" + release);
  }
  if (epoch != "0") qualifier("epoch", epoch);
  return purl;
}

std::string NormalizePypiName(std::string_view name) {
  std::string out;
  for (const char c : text::ToLower(name)) {
    const bool separator = c == '-' || c == '_' || c == '.';
    if (separator && !out.empty() && out.back() == '-') continue;
    out += separator ? '-' : c;
  }
  return out;
}

}  // namespace landwaiter::packages
