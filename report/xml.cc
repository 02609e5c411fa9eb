#include "report/xml.h"

#include "report/words.h"

namespace landwaiter::report {

std::string Xml(std::string_view text) {
  std::string plain = PlainText(text);
  for (const std::string_view none : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"}) {
    for (std::size_t at = plain.find(none); at != std::string::npos; at = plain.find(none, at)) {
      plain.replace(at, none.size(), "?");
    }
  }
  std::string escaped;
  for (const char c : plain) {
    switch (c) {
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '&':
        escaped += "&amp;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&apos;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

}  // namespace landwaiter::report
