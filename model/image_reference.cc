#include "model/image_reference.h"

#include <algorithm>

#include "lib/base/text.h"

namespace landwaiter {
namespace {

constexpr std::size_t kMaxReference = 512;  // 255 of name, 128 of tag, 72..135 of digest
constexpr std::size_t kMaxName = 255;       // distribution: NameTotalLengthMax
constexpr std::size_t kMaxTag = 128;

bool IsLowerAlnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool IsAlnum(char c) { return IsLowerAlnum(c) || (c >= 'A' && c <= 'Z'); }

/// path-component := alpha-numeric [separator alpha-numeric]*; separator := [_.]|__|[-]+
bool IsPathComponent(std::string_view part) {
  std::size_t i = 0;
  const auto run = [&] {
    const std::size_t start = i;
    while (i < part.size() && IsLowerAlnum(part[i])) ++i;
    return i > start;
  };
  if (!run()) return false;
  while (i < part.size()) {
    if (part[i] == '-') {
      while (i < part.size() && part[i] == '-') ++i;
    } else if (part[i] == '_' && i + 1 < part.size() && part[i + 1] == '_') {
      i += 2;
    } else if (part[i] == '_' || part[i] == '.') {
      ++i;
    } else {
      return false;
    }
    if (!run()) return false;
  }
  return true;
}

bool IsHost(std::string_view host) {
  std::string_view name = host;
  std::string_view port;
  if (!host.empty() && host.front() == '[') {  // IPv6 literal
    const auto close = host.find(']');
    if (close == std::string_view::npos || close < 3) return false;
    for (const char c : host.substr(1, close - 1)) {
      const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
      if (!hex && c != ':' && c != '.') return false;
    }
    std::string_view rest = host.substr(close + 1);
    if (rest.empty()) return true;
    if (rest.front() != ':') return false;
    port = rest.substr(1);
    return !port.empty() && port.size() <= 5 &&
           std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  }
  const auto colon = host.rfind(':');
  if (colon != std::string_view::npos) {
    name = host.substr(0, colon);
    port = host.substr(colon + 1);
    if (port.empty() || port.size() > 5 ||
        !std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      return false;
    }
  }
  for (const std::string_view label : text::Split(name, '.')) {
    if (label.empty() || !IsAlnum(label.front()) || !IsAlnum(label.back())) return false;
    if (!std::all_of(label.begin(), label.end(), [](char c) { return IsAlnum(c) || c == '-'; })) {
      return false;
    }
  }
  return true;
}

Error Bad(std::string_view reference, std::string_view why) {
  return InvalidArgument("image reference '" + text::Printable(text::Truncate(reference, 160)) +
                         "' " + std::string(why));
}

}  // namespace

Result<ImageReference> ImageReference::Parse(std::string_view whole) {
  if (whole.empty()) return Bad(whole, "is empty");
  if (whole.size() > kMaxReference) return Bad(whole, "is longer than 512 bytes");
  ImageReference reference;
  std::string_view rest = whole;
  if (const auto at = rest.find('@'); at != std::string_view::npos) {
    auto digest = Digest::Parse(rest.substr(at + 1));
    if (!digest) return Bad(whole, "has a bad digest: " + digest.error().message);
    reference.digest = *digest;
    rest = rest.substr(0, at);
  }
  const auto slash = rest.rfind('/');
  const auto colon = rest.rfind(':');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    const std::string_view tag = rest.substr(colon + 1);
    const bool good = !tag.empty() && tag.size() <= kMaxTag && (IsAlnum(tag[0]) || tag[0] == '_') &&
                      std::all_of(tag.begin(), tag.end(), [](char c) {
                        return IsAlnum(c) || c == '_' || c == '.' || c == '-';
                      });
    if (!good) return Bad(whole, "has a bad tag (letters, digits, '_', '.', '-'; at most 128)");
    reference.tag = tag;
    rest = rest.substr(0, colon);
  }
  const auto first_slash = rest.find('/');
  const std::string_view first = rest.substr(0, first_slash);
  // The rule of distribution's splitDockerDomain: without a dot, a colon or upper case, and not
  // "localhost", the first part is a folder of Docker Hub and no host.
  const bool has_host =
      first_slash != std::string_view::npos &&
      (first.find_first_of(".:[") != std::string_view::npos || first == "localhost" ||
       std::any_of(first.begin(), first.end(), [](char c) { return c >= 'A' && c <= 'Z'; }));
  if (has_host) {
    if (!IsHost(first)) return Bad(whole, "has a bad registry host");
    reference.registry = text::ToLower(first);
    reference.repository = rest.substr(first_slash + 1);
    if (reference.registry == "index.docker.io") reference.registry = "docker.io";
  } else {
    reference.registry = "docker.io";
    reference.repository = rest;
  }
  if (reference.registry == "docker.io" && reference.repository.find('/') == std::string::npos) {
    reference.repository.insert(0, "library/");
  }
  if (reference.Name().size() > kMaxName) return Bad(whole, "has a name longer than 255 bytes");
  for (const std::string_view part : text::Split(reference.repository, '/')) {
    if (!IsPathComponent(part)) {
      return Bad(whole,
                 "has a bad repository name (lower-case letters and digits, separated by "
                 "'.', '_', '__' or '-', parts by '/')");
    }
  }
  if (reference.tag.empty() && !reference.digest) {
    reference.tag = "latest";
    reference.tag_defaulted = true;
  }
  return reference;
}

std::string ImageReference::ToString() const {
  std::string out = Name();
  if (!tag.empty()) out += ":" + tag;
  if (digest) out += "@" + digest->ToString();
  return out;
}

std::string ImageReference::WithDigest(const Digest& other) const {
  return Name() + "@" + other.ToString();
}

std::string ImageReference::RegistryHost() const {
  return registry == "docker.io" ? "registry-1.docker.io" : registry;
}

}  // namespace landwaiter
