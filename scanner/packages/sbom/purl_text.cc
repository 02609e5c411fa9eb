#include "scanner/packages/sbom/purl_text.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "lib/base/text.h"
#include "scanner/packages/purl.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

// Types that name no package of an ecosystem with versions of its own.
constexpr std::array<std::string_view, 6> kNoPackages = {"generic",   "oci",  "docker",
                                                         "bitbucket", "file", "application"};
// Types whose name holds the namespace.
constexpr std::array<std::string_view, 7> kWholeNames = {"npm",       "golang", "composer", "swift",
                                                         "cocoapods", "github", "ebuild"};

// Trivy's names (pkg/fanal/types/const.go, those of older releases too) and IDs of os-release(5).
struct SystemName {
  std::string_view name;
  std::string_view id;
};
constexpr SystemName kSystemNames[] = {
    {"redhat", "rhel"},
    {"red hat enterprise linux", "rhel"},
    {"alma", "almalinux"},
    {"oracle", "ol"},
    {"amazon", "amzn"},
    {"cbl-mariner", "mariner"},
    {"azure", "azurelinux"},
    {"opensuse.leap", "opensuse-leap"},
    {"opensuse.tumbleweed", "opensuse-tumbleweed"},
    {"suse linux enterprise server", "sles"},
    {"suse linux enterprise micro", "sle-micro"},
    {"slem", "sle-micro"},
};
// Systems without releases, whose names have a dash.
constexpr std::string_view kTumbleweed = "opensuse-tumbleweed";

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string Decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 &&
                        HexDigit(text[i + 2]) >= 0;
    if (!escape) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
    i += 2;
  }
  return out;
}

template <std::size_t N>
bool IsAmong(const std::array<std::string_view, N>& types, std::string_view type) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

void ReadQualifiers(std::string_view text, PackageUrl& purl) {
  for (const std::string_view one : text::Split(text, '&')) {
    const auto equal = one.find('=');
    if (equal == std::string_view::npos) continue;
    purl.qualifiers.emplace(text::ToLower(one.substr(0, equal)), Decode(one.substr(equal + 1)));
  }
}

// "name@version" or "name"; of an rpm "name-version-release.src.rpm".
void ReadUpstream(std::string_view upstream, Package& package) {
  if (upstream.empty()) return;
  if (upstream.ends_with(".src.rpm")) {
    for (int i = 0; i < 2; ++i) upstream = upstream.substr(0, upstream.rfind('-'));
    package.source_name = upstream;
    return;
  }
  const auto at = upstream.rfind('@');
  package.source_name = upstream.substr(0, at);
  if (at != std::string_view::npos) package.source_version = upstream.substr(at + 1);
}

std::string NameOf(const PackageUrl& purl) {
  if (purl.name_space.empty()) return purl.name;
  if (purl.type == "maven") return purl.name_space + ":" + purl.name;
  return IsAmong(kWholeNames, purl.type) ? purl.name_space + "/" + purl.name : purl.name;
}

}  // namespace

std::string_view PackageUrl::Qualifier(std::string_view key) const {
  const auto found = qualifiers.find(key);
  return found == qualifiers.end() ? std::string_view() : std::string_view(found->second);
}

std::optional<PackageUrl> ParsePurl(std::string_view text) {
  constexpr std::string_view kScheme = "pkg:";
  if (!text.starts_with(kScheme)) return {};
  text.remove_prefix(kScheme.size());
  while (text.starts_with('/')) text.remove_prefix(1);
  text = text.substr(0, text.find('#'));
  PackageUrl purl;
  if (const auto question = text.rfind('?'); question != std::string_view::npos) {
    ReadQualifiers(text.substr(question + 1), purl);
    text = text.substr(0, question);
  }
  // An unescaped '@' of a scope stands before a '/', the version's behind the last.
  const auto slash = text.rfind('/');
  const auto at = text.rfind('@');
  if (at != std::string_view::npos && (slash == std::string_view::npos || at > slash)) {
    purl.version = Decode(text.substr(at + 1));
    text = text.substr(0, at);
  }
  std::vector<std::string> parts;
  for (const std::string_view part : text::Split(text, '/')) {
    if (!part.empty()) parts.push_back(Decode(part));
  }
  if (parts.size() < 2) return {};
  purl.type = text::ToLower(parts.front());
  purl.name = std::move(parts.back());
  parts.erase(parts.begin());
  parts.pop_back();
  purl.name_space = text::Join(parts, "/");
  return purl;
}

std::optional<Package> PackageOf(const PackageUrl& purl) {
  if (IsAmong(kNoPackages, purl.type)) return {};
  Package package{.type = purl.type, .name = NameOf(purl), .version = purl.version};
  const std::string_view epoch = purl.Qualifier("epoch");
  const bool written = package.version.find(':') != std::string::npos;
  if (purl.type == "rpm" && !epoch.empty() && epoch != "0" && !written) {
    package.version = std::string(epoch) + ":" + package.version;
  }
  for (const std::string_view key : {"arch", "platform", "subdir"}) {
    if (package.architecture.empty()) package.architecture = purl.Qualifier(key);
  }
  package.module = ModuleOf(purl.Qualifier("rpmmod"));
  package.source_name = package.name;
  package.source_version = package.version;
  if (IsSystemType(purl.type)) ReadUpstream(purl.Qualifier("upstream"), package);
  return package;
}

std::optional<OperatingSystem> SystemOf(const PackageUrl& purl) {
  const std::string_view distro = purl.Qualifier("distro");
  if (distro.empty() || !IsSystemType(purl.type)) return {};
  const auto dash = distro == kTumbleweed ? std::string_view::npos : distro.rfind('-');
  OperatingSystem os{.family = SystemIdOf(distro.substr(0, dash)),
                     .version = {},
                     .codename = {},
                     .pretty_name = {}};
  const bool codename = purl.type == "deb" && !purl.name_space.empty() && distro != purl.name_space;
  std::string_view release;
  if (dash != std::string_view::npos) {
    release = distro.substr(dash + 1);
  } else if (codename || distro.find_first_of("0123456789") == 0) {
    // Trivy writes the release alone.
    os.family = SystemIdOf(purl.name_space);
    release = distro;
  }
  release = release.substr(0, release.find(' '));  // "2 (Karoo)"
  const bool dpkg = os.family == "debian" || os.family == "ubuntu";
  const bool number = release.find_first_of("0123456789") == 0;
  (dpkg && !number ? os.codename : os.version) = release;
  return os;
}

std::string SystemIdOf(std::string_view name) {
  const std::string lower = text::ToLower(name);
  const auto* const found = std::find_if(std::begin(kSystemNames), std::end(kSystemNames),
                                         [&](const SystemName& row) { return row.name == lower; });
  return found == std::end(kSystemNames) ? lower : std::string(found->id);
}

}  // namespace landwaiter::packages
