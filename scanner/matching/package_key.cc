#include "scanner/matching/package_key.h"

#include <algorithm>
#include <array>

#include "lib/base/text.h"

namespace landwaiter::matching {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// Without epoch and revision: "3:3.2.12-1+deb12u1" → "3.2.12".
std::string_view UpstreamVersion(std::string_view version) {
  if (const auto colon = version.find(':'); colon != std::string_view::npos) {
    version.remove_prefix(colon + 1);
  }
  return version.substr(0, version.rfind('-'));
}

std::string_view WithoutEpoch(std::string_view version) {
  return version.substr(version.find(':') + 1);  // npos + 1 is 0
}

/// A binary that was built with its source's version has its epoch, too.
PackageKey SourceKey(const Package& package) {
  PackageKey key{package.source_name.empty() ? package.name : package.source_name,
                 package.source_version.empty() ? package.version : package.source_version};
  if (package.type != "rpm" || key.version.find(':') != std::string::npos) return key;
  if (key.version == WithoutEpoch(package.version)) {
    key.version = package.version;
  } else {
    key.without_epoch = true;
  }
  return key;
}

}  // namespace

bool IsOsPackage(const Package& package) {
  constexpr std::array<std::string_view, 6> kTypes{"deb", "apk", "rpm", "alpm", "opkg", "ebuild"};
  return std::find(kTypes.begin(), kTypes.end(), package.type) != kTypes.end();
}

std::vector<PackageKey> KeysOf(const Package& package, KeyBy os_key) {
  if (IsOsPackage(package)) {
    PackageKey source = SourceKey(package);
    if (os_key == KeyBy::kSource) return {std::move(source)};
    std::vector<PackageKey> keys{{package.name, package.version}};
    if (os_key == KeyBy::kBinaryOrSource && source.name != package.name) {
      source.of_source = true;
      keys.push_back(std::move(source));
    }
    return keys;
  }
  if (package.type == "golang" && (package.name == "stdlib" || package.name == "toolchain")) {
    return {{package.name, GoToolchainVersion(package.version)}};
  }
  return {{package.name, package.version}};
}

std::string GoToolchainVersion(std::string_view version) {
  version = version.substr(0, version.find_first_of(" \t"));
  if (!version.starts_with("go")) return std::string(version);
  version.remove_prefix(2);
  const std::size_t numbers = std::min(version.find_first_not_of("0123456789."), version.size());
  std::string out(version.substr(0, numbers));
  const auto dots = std::count(out.begin(), out.end(), '.');
  for (auto i = dots; i < 2 && !out.empty(); ++i) out += ".0";
  const std::string_view suffix = version.substr(numbers);  // "rc2", "beta1", "-custom"
  if (suffix.empty() || out.empty()) return out.empty() ? std::string(version) : out;
  for (const std::string_view word : {"rc", "beta"}) {
    const std::string_view number = suffix.substr(std::min(word.size(), suffix.size()));
    if (suffix.starts_with(word) && !number.empty() &&
        std::all_of(number.begin(), number.end(), IsDigit)) {
      return out + "-" + std::string(word) + "." + std::string(number);
    }
  }
  // A vendor's own suffix ("-fips", "+auto") is of the release before it.
  return out;
}

std::string AsInstalled(const Package& package, const std::string& fixed_version) {
  if (package.type != "golang" || fixed_version.empty()) return fixed_version;
  for (const std::string_view prefix : {"go", "v"}) {
    if (package.version.starts_with(prefix) && !fixed_version.starts_with(prefix)) {
      return std::string(prefix) + fixed_version;
    }
  }
  return fixed_version;
}

bool IsKernelHeaders(const Package& package) {
  const std::string_view name = package.name;
  // Ubuntu's flavours: linux-aws-headers-6.2.0-1009, linux-hwe-6.5-headers-6.5.0-18.
  const bool flavour = name.starts_with("linux-") && name.find("-headers-") != name.npos;
  return flavour || name == "linux-libc-dev" || name == "linux-headers" ||
         name == "kernel-headers" || name.starts_with("kernel-headers-");
}

bool IsSameSoftware(const Package& language_package, const Package& owner) {
  const std::string_view upstream = UpstreamVersion(owner.version);
  const std::string_view version = language_package.version;
  if (version.empty() || !upstream.starts_with(version)) return false;
  if (upstream.size() == version.size()) return true;
  const char next = upstream[version.size()];
  return next == '+' || next == '~' || next == '-';
}

std::string ModuleStream(std::string_view label) {
  if (label.empty()) return {};
  const auto parts = text::Split(label, ':');
  if (parts.size() < 2) return {};
  return std::string(parts[0]) + ":" + std::string(parts[1]);
}

}  // namespace landwaiter::matching
