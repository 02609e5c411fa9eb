#include "scanner/packages/swift_location.h"

#include "lib/base/text.h"

namespace landwaiter::packages {

std::string NameOfSwiftLocation(std::string_view location) {
  const auto scheme = location.find("://");
  const bool is_url = scheme != std::string_view::npos;
  if (is_url) location.remove_prefix(scheme + 3);
  const auto end = location.find_first_of(is_url ? "/" : ":/");
  if (end == std::string_view::npos) return std::string(location);
  std::string_view host = location.substr(0, end);
  if (const auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  host = host.substr(0, host.find(':'));
  std::string_view path = location.substr(end + 1);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.ends_with(".git")) path.remove_suffix(4);
  return text::ToLower(host) + "/" + std::string(path);
}

}  // namespace landwaiter::packages
