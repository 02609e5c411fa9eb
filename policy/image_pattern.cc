#include "policy/image_pattern.h"

#include <algorithm>
#include <string>

#include "lib/base/text.h"

namespace landwaiter::policy {
namespace {

struct Parts {
  std::string_view name;
  std::string_view tag;     // "" where none is written
  std::string_view digest;  // "" where none is written
};

Parts SplitPattern(std::string_view pattern) {
  Parts parts;
  if (const auto at = pattern.find('@'); at != std::string_view::npos) {
    parts.digest = pattern.substr(at + 1);
    pattern = pattern.substr(0, at);
  }
  const auto slash = pattern.rfind('/');
  const auto colon = pattern.rfind(':');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    parts.tag = pattern.substr(colon + 1);
    pattern = pattern.substr(0, colon);
  }
  parts.name = pattern;
  return parts;
}

bool IsWild(std::string_view text) { return text == "*" || text == "**"; }

bool LooksLikeHost(std::string_view part) {
  return part.find_first_of(".:[") != std::string_view::npos || part == "localhost";
}

bool NameMatchesAs(std::string_view pattern, const ImageReference& reference) {
  constexpr std::string_view kHub = "docker.io";
  constexpr std::string_view kLibrary = "library/";
  const auto slash = pattern.find('/');
  const std::string_view first = pattern.substr(0, slash);
  const bool official = reference.registry == kHub && reference.repository.starts_with(kLibrary);
  const std::string_view short_path =
      official ? std::string_view(reference.repository).substr(kLibrary.size())
               : std::string_view(reference.repository);
  if (slash == std::string_view::npos && pattern != "**") {
    return text::GlobMatch(pattern, reference.repository) || text::GlobMatch(pattern, short_path);
  }
  if (LooksLikeHost(first) || IsWild(first)) {
    const std::string normal =
        std::string(CanonicalHost(first)) + std::string(pattern.substr(first.size()));
    if (text::GlobMatch(normal, reference.Name())) return true;
    return official && text::GlobMatch(normal, std::string(kHub) + "/" + std::string(short_path));
  }
  return text::GlobMatch(pattern, reference.repository) || text::GlobMatch(pattern, short_path);
}

bool NameMatches(std::string_view pattern, const ImageReference& reference) {
  if (NameMatchesAs(pattern, reference)) return true;
  const std::string_view host = CanonicalHost(reference.registry);
  if (host == reference.registry) return false;
  ImageReference canonical = reference;
  canonical.registry = host;
  return NameMatchesAs(pattern, canonical);
}

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }

}  // namespace

std::string_view CanonicalHost(std::string_view host) {
  if (host.ends_with(":443")) host.remove_suffix(std::string_view(":443").size());
  if (host == "index.docker.io" || host == "registry-1.docker.io") return "docker.io";
  return host;
}

bool ImagePatternMatches(std::string_view pattern, const ImageReference& reference,
                         WhenOpen when_open) {
  const Parts parts = SplitPattern(pattern);
  if (!NameMatches(parts.name, reference)) return false;
  const bool open = when_open == WhenOpen::kMatches;
  if (!parts.digest.empty()) {
    if (!reference.digest) return open;
    if (reference.digest->ToString() != parts.digest) return false;
  }
  if (parts.tag.empty() || IsWild(parts.tag)) return true;
  // A digest in the pattern has settled what is pulled; the tag beside it is a remark.
  if (!parts.digest.empty()) return true;
  if (reference.digest) return open;
  return text::GlobMatch(parts.tag, reference.tag);
}

bool RepositoryPatternMatches(std::string_view pattern, const ImageReference& reference) {
  return NameMatches(pattern, reference);
}

Status CheckGlob(std::string_view pattern) {
  if (pattern.empty()) return InvalidArgument("is empty");
  const std::string shown = "'" + text::Printable(text::Truncate(pattern, 80)) + "' ";
  for (const char c : pattern) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F) {
      return InvalidArgument(shown + "has a blank or a control character, which never matches");
    }
    if (std::string_view("[](){}|^$\\").find(c) != std::string_view::npos) {
      return InvalidArgument(shown + "has '" + c +
                             "': patterns know '*' (within a part), '**' (across parts) and '?', "
                             "no regular expressions");
    }
  }
  if (pattern.find("***") != std::string_view::npos) {
    return InvalidArgument(shown + "has '***', expected '*' or '**'");
  }
  return Ok();
}

Status CheckImagePattern(std::string_view pattern) {
  if (Status glob = CheckGlob(pattern); !glob) return glob;
  const std::string shown = "'" + text::Printable(text::Truncate(pattern, 80)) + "' ";
  if (pattern.find("://") != std::string_view::npos) {
    return InvalidArgument(shown + "is a URL, expected host/path:tag without 'https://'");
  }
  const Parts parts = SplitPattern(pattern);
  if (!parts.digest.empty() || pattern.ends_with('@')) {
    if (!Digest::Parse(parts.digest)) {
      return InvalidArgument(shown +
                             "has no whole digest after '@', expected sha256: and 64 hex "
                             "digits");
    }
  }
  if (pattern.ends_with(':')) return InvalidArgument(shown + "has no tag after ':'");
  for (const std::string_view part : text::Split(parts.name, '/')) {
    if (part.empty()) return InvalidArgument(shown + "has an empty part, expected host/path:tag");
  }
  if (std::any_of(parts.name.begin(), parts.name.end(), IsUpper)) {
    return InvalidArgument(shown +
                           "has upper case in its name, which never matches: references "
                           "are lower case");
  }
  if (parts.tag.find('/') != std::string_view::npos) {
    return InvalidArgument(shown + "has '/' in its tag");
  }
  const bool one_part = parts.name.find('/') == std::string_view::npos;
  if (one_part && (parts.name.find('.') != std::string_view::npos || parts.name == "localhost")) {
    return InvalidArgument(shown + "names a host alone, expected '" + std::string(parts.name) +
                           "/**' for all of it");
  }
  return Ok();
}

Status CheckRepositoryPattern(std::string_view pattern) {
  if (Status image = CheckImagePattern(pattern); !image) return image;
  const Parts parts = SplitPattern(pattern);
  if (!parts.tag.empty() || !parts.digest.empty()) {
    return InvalidArgument("'" + std::string(pattern) + "' has a tag or digest, expected '" +
                           std::string(parts.name) + "'; tags are what deniedTags is for");
  }
  return Ok();
}

}  // namespace landwaiter::policy
