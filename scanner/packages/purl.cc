#include "scanner/packages/purl.h"

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

// "namespace/name": the namespace is what stands before the last '/'.
std::string PathName(std::string_view name) { return EncodeSegments(text::ToLower(name)); }

std::string PypiName(std::string_view name) {
  std::string out = text::ToLower(name);
  for (char& c : out) {
    if (c == '_') c = '-';
  }
  return Encode(out);
}

bool IsSystemType(std::string_view type) { return type == "deb" || type == "apk" || type == "rpm"; }

std::string NameOf(const Package& package, const std::optional<OperatingSystem>& os) {
  if (package.type == "pypi") return PypiName(package.name);
  if (!IsSystemType(package.type)) return PathName(package.name);
  // rpm names keep their case.
  std::string name = Encode(package.type == "rpm" ? package.name : text::ToLower(package.name));
  if (!os || os->family.empty()) return name;
  return Encode(text::ToLower(os->family)) + "/" + name;
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

std::string BuildPurl(const Package& package, const std::optional<OperatingSystem>& os) {
  std::string purl = "pkg:" + package.type + "/" + NameOf(package, os);
  std::string_view version = package.version;
  const std::string_view epoch = TakeEpoch(package, version);
  if (!version.empty()) purl += "@" + Encode(version);
  if (!IsSystemType(package.type)) return purl;
  char separator = '?';
  const auto qualifier = [&](std::string_view key, std::string_view value) {
    if (value.empty()) return;
    purl += separator;
    purl += std::string(key) + "=" + Encode(value);
    separator = '&';
  };
  qualifier("arch", package.architecture);
  if (os && !os->family.empty()) {
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
