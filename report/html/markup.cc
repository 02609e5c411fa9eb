#include "report/html/markup.h"

#include <algorithm>
#include <cassert>
#include <ostream>

#include "lib/base/digest.h"
#include "lib/base/text.h"
#include "report/facts.h"

namespace landwaiter::report::html {
namespace {

int HexValue(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

}  // namespace

std::string Shown(std::string_view raw) {
  std::string line(raw);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
  return text::Printable(line);
}

std::string Escaped(std::string_view raw) {
  std::string out;
  const std::string shown = Shown(raw);
  out.reserve(shown.size());
  for (const char c : shown) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '#':  // a second one would begin a command where the page is printed to a job's log
        out += out.ends_with('#') ? "&#35;" : "#";
        break;
      default:
        out += c;
    }
  }
  return out;
}

bool IsLink(std::string_view url) {
  if (!IsWebAddress(url)) return false;
  const std::string_view rest = url.substr(url.find("://") + 3);
  return rest.substr(0, rest.find_first_of("/?#")).find('@') == std::string_view::npos;
}

std::string Anchor(const Link& link) {
  return "<a href=\"" + Escaped(link.url) + "\" rel=\"noopener noreferrer\" target=\"_blank\">" +
         Escaped(link.label) + "</a>";
}

std::string InScript(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json) {
    switch (c) {
      case '<':
        out += "\\u003c";
        break;
      case '>':
        out += "\\u003e";
        break;
      case '&':
        out += "\\u0026";
        break;
      case '#':  // as above
        out += out.ends_with('#') ? "\\u0023" : "#";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string CspHash(std::string_view content) {
  const Digest digest = Sha256::Of(content);
  const std::string_view hex = digest.Hex();
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(HexValue(hex[i]) * 16 + HexValue(hex[i + 1]));
  }
  return "'sha256-" + text::Base64Encode(bytes) + "'";
}

void Fill(std::string_view page, const std::map<std::string_view, Value>& values,
          std::ostream& out) {
  for (;;) {
    const std::size_t begin = page.find("{{");
    const std::size_t end = page.find("}}", begin);
    if (begin == std::string_view::npos || end == std::string_view::npos) break;
    out << page.substr(0, begin);
    const auto value = values.find(page.substr(begin + 2, end - begin - 2));
    assert(value != values.end());
    if (value != values.end()) value->second(out);
    page.remove_prefix(end + 2);
  }
  out << page;
}

std::string Number(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ',');
  return digits;
}

std::string Amount(std::uint64_t count, std::string_view one, std::string_view many) {
  return Number(count) + " " + std::string(count == 1 ? one : many);
}

}  // namespace landwaiter::report::html
