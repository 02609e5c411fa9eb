#include "scanner/advisories/cpe.h"

#include <algorithm>
#include <vector>

#include "lib/base/text.h"

namespace landwaiter::advisories {
namespace {

/// Above every name of NVD's dictionary, whose longest has some 300 bytes.
constexpr std::size_t kMaxCpeBytes = 1024;
constexpr std::string_view kPrefix = "cpe:2.3:";
constexpr std::size_t kParts = 11;

/// At colons that are not escaped.
std::vector<std::string_view> SplitParts(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t from = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == ':') {
      parts.push_back(text.substr(from, at - from));
      from = at + 1;
    }
  }
  parts.push_back(text.substr(from));
  return parts;
}

std::string Unescape(std::string_view part) {
  std::string out;
  for (std::size_t at = 0; at < part.size(); ++at) {
    if (part[at] == '\\' && at + 1 < part.size()) ++at;
    out += part[at];
  }
  return out;
}

}  // namespace

std::optional<Cpe> ParseCpe(std::string_view text) {
  if (!text.starts_with(kPrefix) || text.size() > kMaxCpeBytes) return {};
  const auto parts = SplitParts(text.substr(kPrefix.size()));
  const bool whole = parts.size() == kParts && std::none_of(parts.begin(), parts.end(),
                                                            [](auto part) { return part.empty(); });
  if (!whole) return {};
  Cpe cpe;
  cpe.product = text::ToLower(std::string(parts[0]) + ":" + std::string(parts[1]) + ":" +
                              std::string(parts[2]));
  cpe.version = Unescape(parts[3]);
  cpe.update = Unescape(parts[4]);
  cpe.plain = std::all_of(parts.begin() + 5, parts.end(),
                          [](auto part) { return part == "*" || part == "-"; });
  return cpe;
}

}  // namespace landwaiter::advisories
