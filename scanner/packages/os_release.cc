#include "scanner/packages/os_release.h"

#include <algorithm>
#include <array>
#include <string>

#include "lib/base/text.h"
#include "scanner/packages/release_files.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr std::array<std::string_view, 2> kOsReleasePaths = {"etc/os-release",
                                                             "usr/lib/os-release"};
// Above every value of a real os-release.
constexpr std::size_t kMaxValueBytes = 256;
constexpr std::uint64_t kMaxUid = 0xfffffffe;  // the highest is "no user"

// A shell word: single quotes take everything, double quotes keep backslashes as the shell does.
std::string Unquote(std::string_view word) {
  std::string out;
  char quote = 0;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (quote != 0 && c == quote) {
      quote = 0;
    } else if (c == '\\' && quote != '\'' && i + 1 < word.size()) {
      out += word[++i];
    } else {
      out += c;
    }
  }
  return out;
}

std::string Value(std::string_view word) {
  return text::Truncate(text::Printable(Unquote(word)), kMaxValueBytes);
}

// What stands in some images of Arch Linux, where the build was to put the version.
constexpr std::string_view kPlaceholder = "TEMPLATE_VERSION_ID";

// Fields that only tell variants apart.
struct Hints {
  std::string name;
  std::string bugzilla_version;
};

std::string_view VariantOf(const OperatingSystem& os, const Hints& hints) {
  if (os.family == "centos" && hints.name == "CentOS Stream") return kStreamVariant;
  if (os.family == "alpine" &&
      (os.version.find("_alpha") != std::string::npos || os.pretty_name.ends_with(" edge"))) {
    return kEdgeVariant;
  }
  // Testing and sid write the same os-release, with testing's codename.
  if (os.family == "debian" && os.version.empty()) return kTestingVariant;
  if (os.family == "fedora" && hints.bugzilla_version == "rawhide") return kRawhideVariant;
  return {};
}

std::optional<std::uint64_t> ParseUid(std::string_view digits) {
  if (digits.empty() || digits.size() > 10) return std::nullopt;
  std::uint64_t uid = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    uid = uid * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (uid > kMaxUid) return std::nullopt;
  return uid;
}

}  // namespace

std::span<const std::string_view> OsReleasePaths() { return kOsReleasePaths; }

bool IsSystemFile(std::string_view path) {
  // Asked of every file of an image; most stand elsewhere.
  if (!path.starts_with("etc/") && !path.starts_with("usr/lib/")) return false;
  if (path == kPasswdPath || path == kApkRepositoriesPath) return true;
  if (path == kOsReleasePaths[0] || path == kOsReleasePaths[1]) return true;
  const auto files = ReleaseFiles();
  return std::any_of(files.begin(), files.end(),
                     [&](const ReleaseFile& file) { return file.path == path; });
}

bool IsSystemId(std::string_view id) {
  return !id.empty() && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
}

std::optional<std::pair<std::string_view, std::string>> ParseAssignment(std::string_view line) {
  const std::string_view trimmed = text::Trim(line);
  const auto equals = trimmed.find('=');
  if (trimmed.starts_with('#') || equals == std::string_view::npos) return std::nullopt;
  return std::pair(trimmed.substr(0, equals), Value(trimmed.substr(equals + 1)));
}

Result<OperatingSystem> ParseOsRelease(std::string_view content) {
  if (content.size() > kMaxSystemFileBytes) {
    return ResourceExhausted("os-release has " + std::to_string(content.size()) +
                             " bytes, the limit is " + std::to_string(kMaxSystemFileBytes));
  }
  OperatingSystem os;
  Hints hints;
  Lines lines(content);
  while (const auto line = lines.Next()) {
    auto assignment = ParseAssignment(*line);
    if (!assignment) continue;
    auto& [key, value] = *assignment;
    // As in a shell, the last assignment counts.
    if (key == "ID") os.family = text::ToLower(value);
    if (key == "VERSION_ID") os.version = value;
    if (key == "VERSION_CODENAME") os.codename = value;
    if (key == "PRETTY_NAME") os.pretty_name = value;
    if (key == "NAME") hints.name = value;
    if (key == "REDHAT_BUGZILLA_PRODUCT_VERSION") hints.bugzilla_version = value;
  }
  if (os.family.empty()) return InvalidArgument("os-release has no ID");
  if (!IsSystemId(os.family)) {
    return InvalidArgument("os-release has ID \"" + os.family +
                           "\", expected lower-case letters, digits and ._-");
  }
  if (os.version == kPlaceholder) os.version.clear();
  os.variant = VariantOf(os, hints);
  return os;
}

std::optional<std::uint64_t> ResolveUid(std::string_view user,
                                        const std::optional<std::string_view>& passwd) {
  const std::string_view name = user.substr(0, user.find(':'));
  if (name.empty()) return 0;
  // As container runtimes do: a number is a uid, even where a user has it for a name.
  if (name.find_first_not_of("0123456789") == std::string_view::npos) return ParseUid(name);
  if (passwd) {
    Lines lines(*passwd);
    while (const auto line = lines.Next()) {
      const auto fields = text::Split(*line, ':');
      if (fields.size() >= 3 && fields[0] == name) return ParseUid(fields[2]);
    }
  }
  if (name == "root") return 0;
  return std::nullopt;
}

}  // namespace landwaiter::packages
