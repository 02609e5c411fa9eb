#include "scanner/packages/java_identity.h"

#include <algorithm>
#include <array>
#include <vector>

#include "lib/base/text.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kDigits = "0123456789";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

template <std::size_t N>
bool Contains(const std::array<std::string_view, N>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// One name or value of java.util.Properties from `text` on; stops behind what ends it.
std::string TakeProperty(std::string_view& text, std::string_view ends) {
  std::string out;
  while (!text.empty() && ends.find(text.front()) == std::string_view::npos) {
    if (text.front() == '\\') text.remove_prefix(1);
    out += text.substr(0, 1);
    text.remove_prefix(std::min<std::size_t>(1, text.size()));
  }
  return out;
}

// "${project.version}", "@version@": the build did not fill it in.
bool IsFilledIn(std::string_view value) {
  return IsName(value, kMaxNameBytes) && value.find_first_of("${}@%") == std::string_view::npos;
}

// "META-INF/maven/GROUP/ARTIFACT/pom.properties"
void TakeFromPath(std::string_view path, Coordinates& out) {
  const auto parts = text::Split(path, '/');
  if (parts.size() < 5 || parts[parts.size() - 4] != "maven") return;
  if (out.group.empty()) out.group = parts[parts.size() - 3];
  if (out.artifact.empty()) out.artifact = parts[parts.size() - 2];
}

// Words behind a version that are part of it; anything else there is a classifier ("sources",
// "shaded", "linux-x86_64"). The last ones are those of vendors who patch.
constexpr std::array<std::string_view, 34> kQualifiers = {
    "alpha",    "beta",    "b",       "m",     "milestone",  "rc",       "cr",
    "pre",      "ea",      "dev",     "final", "ga",         "sp",       "release",
    "snapshot", "build",   "r",       "v",     "p",          "u",        "patch",
    "hotfix",   "jre",     "android", "jdk",   "incubating", "empty",    "fuse",
    "redhat",   "jbossas", "cdh",     "hdp",   "amzn",       "atlassian"};

bool IsQualifier(std::string_view part) {
  const std::string word = text::ToLower(part.substr(0, part.find_first_of(".0123456789")));
  return Contains(kQualifiers, word);
}

bool StartsWithDigit(std::string_view part) { return !part.empty() && IsDigit(part[0]); }

// "1.2", "v1.2", "r09", "rc1", "build235".
bool IsVersionStart(std::string_view part) {
  if (StartsWithDigit(part)) return true;
  for (const std::string_view word : {"build", "rc", "r", "v"}) {
    if (!part.starts_with(word)) continue;
    const std::string_view rest = part.substr(word.size());
    if (!StartsWithDigit(rest)) continue;
    if (word == "v") return rest.find('.') != std::string_view::npos;
    return word == "build" || rest.find_first_not_of(kDigits) == std::string_view::npos;
  }
  return false;
}

// "org.eclipse.core.runtime_3.12.0.v20160606-1342": OSGi's bundles.
std::optional<ArchiveName> ReadBundleName(std::string_view base) {
  const auto bar = base.rfind('_');
  if (bar == std::string_view::npos || bar == 0) return std::nullopt;
  std::string_view rest = base.substr(bar + 1);
  for (int number = 0; number < 3; ++number) {
    const auto end = std::min(rest.find_first_not_of(kDigits), rest.size());
    if (end == 0) return std::nullopt;
    rest.remove_prefix(end);
    if (number < 2 && !rest.starts_with('.')) return std::nullopt;
    if (number < 2) rest.remove_prefix(1);
  }
  return ArchiveName{base.substr(0, bar), base.substr(bar + 1)};
}

// In "log4j-1.2-api-2.14.1" the number that comes first belongs to the artifact's name: words that
// are no qualifiers stand between it and another version.
std::optional<ArchiveName> ReadMavenName(std::string_view base) {
  const auto parts = text::Split(base, '-');
  std::optional<std::size_t> first;
  std::size_t end = 0;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const bool dotted = StartsWithDigit(parts[i]) && parts[i].find('.') != std::string_view::npos;
    if (!first ? IsVersionStart(parts[i]) : dotted && end < i) {
      first = i;
      end = i + 1;
    } else if (first && end == i && (StartsWithDigit(parts[i]) || IsQualifier(parts[i]))) {
      end = i + 1;
    }
  }
  if (!first || parts[0].empty()) return std::nullopt;
  const auto from = static_cast<std::size_t>(parts[*first].data() - base.data());
  const std::string_view last = parts[end - 1];
  const auto to = static_cast<std::size_t>(last.data() + last.size() - base.data());
  return ArchiveName{base.substr(0, from - 1), base.substr(from, to - from)};
}

std::string_view WithoutExtension(std::string_view file_name) {
  return file_name.substr(0, file_name.rfind('.'));
}

std::string Attribute(const ManifestAttributes& manifest, std::string_view name) {
  const auto found = manifest.find(name);
  if (found == manifest.end()) return {};
  // "org.eclipse.osgi;singleton:=true": OSGi's directives.
  const std::string_view value = text::Trim(std::string_view(found->second));
  return IsFilledIn(value) ? std::string(value.substr(0, value.find(';'))) : std::string();
}

constexpr std::array<std::string_view, 4> kVersionNames = {
    "implementation-version", "bundle-version", "specification-version", "plugin-version"};

std::string ManifestVersion(const ManifestAttributes& manifest) {
  for (const std::string_view name : kVersionNames) {
    std::string version = Attribute(manifest, name);
    if (!version.empty()) return version;
  }
  return {};
}

// Parents of many groups: none is one itself.
constexpr std::array<std::string_view, 14> kParents = {
    "org.apache", "com.google", "org.eclipse",  "com.github", "io.github",  "com.sun", "net.java",
    "net.sf",     "com.oracle", "org.codehaus", "org.jboss",  "com.amazon", "javax",   "jakarta"};

constexpr std::array<std::string_view, 12> kTopLevel = {
    "com", "org", "net", "edu", "gov", "mil", "int", "info", "biz", "dev", "javax", "jakarta"};

// A domain read backwards: "log4j.over.slf4j" is a name, and no group.
bool IsGroup(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos || text.back() == '.' || Contains(kParents, text)) return false;
  return (dot == 2 || Contains(kTopLevel, text.substr(0, dot))) &&
         text.find_first_of("/:#,\\") == std::string_view::npos;
}

// Felix's bundle plugin makes a symbolic name of group and artifact: GROUP.ARTIFACT, without what
// the end of the one and the beginning of the other share (DefaultMaven2OsgiConverter). This is
// the way back.
std::string GroupOfName(std::string_view name, std::string_view artifact) {
  if (name.ends_with(artifact) && name.size() > artifact.size() + 1 &&
      name[name.size() - artifact.size() - 1] == '.') {
    const std::string_view group = name.substr(0, name.size() - artifact.size() - 1);
    return std::string(IsGroup(group) ? group : name);
  }
  for (auto dash = artifact.find('-'); dash != std::string_view::npos;
       dash = artifact.find('-', dash + 1)) {
    std::string rest = "." + std::string(artifact.substr(dash + 1));
    for (const char separator : {'-', '.'}) {
      std::replace(rest.begin(), rest.end(), '-', separator);
      if (!name.ends_with(rest)) continue;
      const std::string_view group = name.substr(0, name.size() - rest.size());
      const std::string_view shared = artifact.substr(0, dash);
      if (IsGroup(group) && group.ends_with("." + std::string(shared))) return std::string(group);
    }
  }
  return {};
}

std::string FindGroup(const ManifestAttributes& manifest, std::string_view artifact) {
  std::string vendor = Attribute(manifest, "implementation-vendor-id");
  if (IsGroup(vendor)) return vendor;
  const std::string title = Attribute(manifest, "implementation-title");
  if (const auto hash = title.find('#'); hash != std::string::npos) {
    // Gradle's nebula: "org.elasticsearch#server;8.14.3".
    std::string group = title.substr(0, hash);
    if (IsGroup(group)) return group;
  }
  for (const std::string_view name :
       {"bundle-symbolicname", "automatic-module-name", "extension-name"}) {
    std::string group = GroupOfName(Attribute(manifest, name), artifact);
    if (!group.empty()) return group;
  }
  std::string symbolic = Attribute(manifest, "bundle-symbolicname");
  return IsGroup(symbolic) ? symbolic : std::string();
}

// Of a name that says no more: artifacts that are older than reverse domains have a group of the
// same name (junit:junit, axis:axis); some others carry their group in front.
std::string GroupOfArtifact(std::string_view artifact) {
  const auto dot = artifact.rfind('.');
  const std::string_view front = artifact.substr(0, dot);
  return std::string(dot != std::string_view::npos && IsGroup(front) ? front : artifact);
}

// Where the manifest has the version that stands in the file name, there is no need to guess which
// of its numbers that is.
ArchiveName ReadName(std::string_view file_name, const std::string& version) {
  const std::string_view base = WithoutExtension(file_name);
  const auto at = version.empty() ? std::string_view::npos : base.rfind("-" + version);
  if (at == std::string_view::npos || at == 0) return ReadArchiveName(file_name);
  std::string_view rest = base.substr(at + 1 + version.size());
  if (rest.empty()) return {base.substr(0, at), base.substr(at + 1)};
  const bool longer = rest[0] != '-' || StartsWithDigit(rest.substr(1)) ||
                      IsQualifier(rest.substr(1, rest.find('-', 1) - 1));
  if (longer) return ReadArchiveName(file_name);
  return {base.substr(0, at), base.substr(at + 1, version.size())};
}

bool IsJavaRuntime(const ManifestAttributes& manifest) {
  const auto title = manifest.find("implementation-title");
  return title != manifest.end() && title->second == "Java Runtime Environment";
}

}  // namespace

std::optional<Coordinates> ReadPomProperties(std::string_view text, std::string_view path) {
  Coordinates out;
  Lines lines(text);
  while (const auto line = lines.Next()) {
    std::string_view rest = text::Trim(*line);
    if (rest.starts_with('#') || rest.starts_with('!')) continue;
    const std::string key = TakeProperty(rest, "=: \t");
    rest = text::Trim(rest);
    if (rest.starts_with('=') || rest.starts_with(':')) rest = text::Trim(rest.substr(1));
    std::string value = TakeProperty(rest, "");
    if (key == "groupId")
      out.group = std::move(value);
    else if (key == "artifactId")
      out.artifact = std::move(value);
    else if (key == "version")
      out.version = std::move(value);
  }
  TakeFromPath(path, out);
  const bool filled = IsFilledIn(out.group) && IsFilledIn(out.artifact) && IsFilledIn(out.version);
  return filled ? std::optional(std::move(out)) : std::nullopt;
}

ManifestAttributes ReadManifest(std::string_view text) {
  ManifestAttributes attributes;
  std::string* value = nullptr;  // of the line before, which a blank continues
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of("\r\n"), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    text.remove_prefix(text.starts_with("\r\n") ? 2 : std::min<std::size_t>(1, text.size()));
    if (line.empty() && attributes.empty()) continue;
    if (line.empty()) break;
    if (line.front() == ' ') {
      if (value != nullptr) *value += line.substr(1);
      continue;
    }
    const auto colon = line.find(':');
    value = nullptr;
    if (colon == std::string_view::npos) continue;
    std::string name = text::ToLower(text::Trim(line.substr(0, colon)));
    // A section of its own that no empty line sets off.
    if (name == "name") break;
    value = &attributes[std::move(name)];
    *value = text::Trim(line.substr(colon + 1));
  }
  return attributes;
}

bool HasVersion(const ManifestAttributes& manifest, std::string_view version) {
  return std::any_of(kVersionNames.begin(), kVersionNames.end(),
                     [&](std::string_view name) { return Attribute(manifest, name) == version; });
}

ArchiveName ReadArchiveName(std::string_view file_name) {
  const std::string_view base = WithoutExtension(file_name);
  if (const auto name = ReadBundleName(base)) return *name;
  if (const auto name = ReadMavenName(base)) return *name;
  for (const char separator : {'_', '.'}) {
    const auto at = base.find(separator);
    if (at == std::string_view::npos || at == 0 || base[0] == '-') continue;
    if (StartsWithDigit(base.substr(at + 1))) return {base.substr(0, at), base.substr(at + 1)};
  }
  return {base, {}};
}

std::optional<Coordinates> IdentifyArchive(const ManifestAttributes& manifest,
                                           std::string_view file_name) {
  if (IsJavaRuntime(manifest)) return std::nullopt;
  const std::string manifest_version = ManifestVersion(manifest);
  const ArchiveName name = ReadName(file_name, manifest_version);
  Coordinates out{{}, std::string(name.artifact), std::string(name.version)};
  if (out.version.empty()) out.version = manifest_version;
  if (!IsFilledIn(out.artifact) || !IsFilledIn(out.version)) return std::nullopt;
  if (const auto known = FindKnownArtifact(out.artifact)) {
    out.group = known->group;
    out.artifact = known->artifact;
    return out;
  }
  out.group = FindGroup(manifest, out.artifact);
  if (out.group.empty() && !name.version.empty()) out.group = GroupOfArtifact(out.artifact);
  return out.group.empty() ? std::nullopt : std::optional(std::move(out));
}

}  // namespace landwaiter::packages
