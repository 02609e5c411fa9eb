#include "scanner/advisories/feeds/purl_parts.h"

#include "lib/base/text.h"

namespace landwaiter::advisories {
namespace {

constexpr std::size_t kMaxPurlBytes = 4096;

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// Percent-decoding; a "%" that is no escape stands for itself.
std::string Decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && HexValue(text[i + 1]) >= 0 &&
                        HexValue(text[i + 2]) >= 0;
    if (!escape) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2]));
    i += 2;
  }
  return out;
}

}  // namespace

std::string_view PurlParts::Qualifier(std::string_view key) const {
  for (const auto& [name, value] : qualifiers) {
    if (name == key) return value;
  }
  return {};
}

std::optional<PurlParts> ParsePurl(std::string_view purl) {
  if (!purl.starts_with("pkg:") || purl.size() > kMaxPurlBytes) return {};
  purl.remove_prefix(4);
  purl = purl.substr(0, purl.find('#'));
  PurlParts parts;
  if (const std::size_t query = purl.find('?'); query != std::string_view::npos) {
    for (const std::string_view pair : text::Split(purl.substr(query + 1), '&')) {
      const std::size_t equals = pair.find('=');
      if (equals == std::string_view::npos) continue;
      parts.qualifiers.emplace_back(pair.substr(0, equals), Decode(pair.substr(equals + 1)));
    }
    purl = purl.substr(0, query);
  }
  const std::size_t slash = purl.find('/');
  if (slash == std::string_view::npos || slash == 0) return {};
  parts.type = text::ToLower(purl.substr(0, slash));
  purl.remove_prefix(slash + 1);
  // A scope may begin with "@" and then is part of the path; a version's stands after the last "/".
  const std::size_t last = purl.rfind('/');
  const std::size_t from = last == std::string_view::npos ? 0 : last + 1;
  const std::size_t at = purl.find('@', from);
  if (at != std::string_view::npos) {
    parts.version = Decode(purl.substr(at + 1));
    purl = purl.substr(0, at);
  }
  parts.name = Decode(purl.substr(from));
  if (from > 0) parts.name_space = Decode(purl.substr(0, from - 1));
  if (parts.name.empty()) return {};
  return parts;
}

}  // namespace landwaiter::advisories
