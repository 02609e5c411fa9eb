// What each file looks like is known from the distributions' own packages (redhat-release,
// base-files, alpine-base, …). A name is taken as a whole or not at all: "Red Hat Enterprise Linux
// Server release 6.10 (Santiago)" is RHEL, "Scientific Linux release 6.10" is not.
#include "scanner/packages/release_files.h"

#include <algorithm>
#include <array>
#include <string>

#include "lib/base/text.h"
#include "scanner/packages/os_release.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

// Above every line of a real release file.
constexpr std::size_t kMaxLineBytes = 256;

std::string_view FirstLine(std::string_view content) {
  Lines lines(content);
  const auto line = lines.Next();
  return text::Trim(line.value_or("")).substr(0, kMaxLineBytes);
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The number at the beginning of a text: "7.9.2009" of "7.9.2009 (Core)", "" where there is none.
std::string_view LeadingVersion(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && (IsDigit(text[end]) || (end > 0 && text[end] == '.'))) ++end;
  while (end > 0 && text[end - 1] == '.') --end;
  return text.substr(0, end);
}

// At most its first `parts` numbers.
std::string_view FirstNumbers(std::string_view version, int parts) {
  std::size_t end = 0;
  for (; end < version.size(); ++end) {
    if (version[end] == '.' && --parts == 0) break;
  }
  return version.substr(0, end);
}

std::optional<OperatingSystem> System(std::string_view family, std::string_view version,
                                      std::string_view line) {
  if (version.empty()) return std::nullopt;
  OperatingSystem os;
  os.family = family;
  os.version = version;
  os.pretty_name = FreeText(line);
  return os;
}

struct Name {
  std::string_view name;  // the whole of it, before " release "
  std::string_view family;
  int parts;  // of the version, as os-release has it
  std::string_view variant = {};
};

constexpr std::array<Name, 21> kRedHatNames = {{
    {"AlmaLinux", "almalinux", 2},
    {"Amazon Linux", "amzn", 1},
    {"Amazon Linux AMI", "amzn", 2},
    {"CentOS", "centos", 1},
    {"CentOS Linux", "centos", 1},
    {"CentOS Stream", "centos", 1, kStreamVariant},
    {"CloudLinux", "cloudlinux", 2},
    {"CloudLinux Server", "cloudlinux", 2},
    {"Fedora", "fedora", 1},
    {"Fedora Linux", "fedora", 1},
    {"Oracle Linux", "ol", 2},
    {"Oracle Linux Server", "ol", 2},
    {"Red Hat Enterprise Linux", "rhel", 2},
    {"Red Hat Enterprise Linux Atomic Host", "rhel", 2},
    {"Red Hat Enterprise Linux Client", "rhel", 2},
    {"Red Hat Enterprise Linux ComputeNode", "rhel", 2},
    {"Red Hat Enterprise Linux Server", "rhel", 2},
    {"Red Hat Enterprise Linux Workstation", "rhel", 2},
    {"Rocky Linux", "rocky", 2},
    {"Scientific Linux", "scientific", 2},
    {"Virtuozzo Linux", "virtuozzo", 2},
}};

// "NAME release VERSION (codename)".
std::optional<OperatingSystem> ReadRedHat(std::string_view content) {
  constexpr std::string_view kRelease = " release ";
  const std::string_view line = FirstLine(content);
  const auto release = line.find(kRelease);
  if (release == std::string_view::npos) return std::nullopt;
  const std::string_view name = line.substr(0, release);
  for (const Name& row : kRedHatNames) {
    if (row.name != name) continue;
    const std::string_view version = LeadingVersion(line.substr(release + kRelease.size()));
    auto os = System(row.family, FirstNumbers(version, row.parts), line);
    if (os) os->variant = row.variant;
    return os;
  }
  return std::nullopt;
}

// DISTRIB_ID=Ubuntu, DISTRIB_RELEASE=14.04, DISTRIB_CODENAME=trusty (Linux Standard Base); Red
// Hat's file of this name has none of them. OpenWrt writes the same, quoted.
std::optional<OperatingSystem> ReadLsb(std::string_view content) {
  OperatingSystem os;
  Lines lines(content);
  while (const auto line = lines.Next()) {
    const auto assignment = ParseAssignment(*line);
    if (!assignment) continue;
    const auto& [key, value] = *assignment;
    if (key == "DISTRIB_ID") os.family = text::ToLower(value);
    if (key == "DISTRIB_RELEASE") os.version = value;
    if (key == "DISTRIB_CODENAME") os.codename = value;
    if (key == "DISTRIB_DESCRIPTION") os.pretty_name = value;
  }
  if (!IsSystemId(os.family)) return std::nullopt;
  if (os.version == "rolling") os.version.clear();
  return os;
}

// "3.4.6", "3.19_alpha20230901".
std::optional<OperatingSystem> ReadAlpine(std::string_view content) {
  const std::string_view line = FirstLine(content);
  if (LeadingVersion(line).empty() || !IsName(line, kMaxLineBytes)) return std::nullopt;
  auto os = System("alpine", line, "Alpine Linux " + std::string(line));
  if (os && line.find("_alpha") != std::string_view::npos) os->variant = kEdgeVariant;
  return os;
}

// "7.11": Debian, whose os-release has the first number. "jessie/sid" stands in Ubuntu's too.
std::optional<OperatingSystem> ReadDebian(std::string_view content) {
  const std::string_view line = FirstLine(content);
  if (LeadingVersion(line) != line) return std::nullopt;
  return System("debian", FirstNumbers(line, 1), "Debian GNU/Linux " + std::string(line));
}

// "SUSE Linux Enterprise Server 11 (x86_64)", "VERSION = 11", "PATCHLEVEL = 4".
std::optional<OperatingSystem> ReadSuse(std::string_view content) {
  const std::string_view name = FirstLine(content);
  std::string version;
  std::string patch_level;
  Lines lines(content);
  while (const auto line = lines.Next()) {
    const auto equals = line->find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view key = text::Trim(line->substr(0, equals));
    const std::string_view value = LeadingVersion(text::Trim(line->substr(equals + 1)));
    if (key == "VERSION") version = value;
    if (key == "PATCHLEVEL") patch_level = value;
  }
  if (name.starts_with("openSUSE ")) return System("opensuse", version, name);
  if (!name.starts_with("SUSE Linux Enterprise Server ") || version.empty()) return std::nullopt;
  if (!patch_level.empty() && patch_level != "0") version += "." + patch_level;
  return System("sles", version, name);
}

// A name, then the version.
struct Prefix {
  std::string_view begins;
  std::string_view family;
  int parts;  // of the version, as os-release has it
};

constexpr std::array<Prefix, 5> kPrefixes = {{
    {"VMware Photon Linux ", "photon", 2},
    {"VMware Photon OS ", "photon", 2},
    {"CBL-Mariner ", "mariner", 2},
    {"Microsoft Azure Linux ", "azurelinux", 2},
    {"Gentoo Base System release ", "gentoo", 9},
}};

std::optional<OperatingSystem> ReadPrefix(std::string_view content) {
  const std::string_view line = FirstLine(content);
  for (const Prefix& row : kPrefixes) {
    if (!line.starts_with(row.begins)) continue;
    const std::string_view version = LeadingVersion(line.substr(row.begins.size()));
    return System(row.family, FirstNumbers(version, row.parts), line);
  }
  return std::nullopt;
}

constexpr std::array<ReleaseFile, 17> kReleaseFiles = {{
    {"etc/openwrt_release", ReadLsb},
    {"etc/lsb-release", ReadLsb},
    {"etc/alpine-release", ReadAlpine},
    {"etc/oracle-release", ReadRedHat},
    {"etc/almalinux-release", ReadRedHat},
    {"etc/rocky-release", ReadRedHat},
    {"etc/centos-release", ReadRedHat},
    {"etc/fedora-release", ReadRedHat},
    {"etc/redhat-release", ReadRedHat},
    {"etc/system-release", ReadRedHat},
    {"etc/SuSE-release", ReadSuse},
    {"etc/photon-release", ReadPrefix},
    {"etc/mariner-release", ReadPrefix},
    {"etc/azurelinux-release", ReadPrefix},
    {"etc/gentoo-release", ReadPrefix},
    {"etc/debian_version", ReadDebian},
    {"usr/lib/system-release", ReadRedHat},
}};

}  // namespace

std::span<const ReleaseFile> ReleaseFiles() { return kReleaseFiles; }

}  // namespace landwaiter::packages
