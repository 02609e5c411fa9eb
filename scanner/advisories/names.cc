#include "scanner/advisories/names.h"

#include "lib/base/text.h"

namespace landwaiter::advisories {

std::string NormalizeName(std::string_view ecosystem, std::string_view name) {
  if (ecosystem == "NuGet" || ecosystem == "Packagist") return text::ToLower(name);
  if (ecosystem != "PyPI") return std::string(name);
  std::string out;
  out.reserve(name.size());
  for (const char c : text::ToLower(name)) {
    const bool separator = c == '-' || c == '_' || c == '.';
    if (!separator) {
      out += c;
    } else if (out.empty() || out.back() != '-') {
      out += '-';
    }
  }
  return out;
}

}  // namespace landwaiter::advisories
