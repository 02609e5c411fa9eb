// CPE 2.3 names as formatted strings (NIST IR 7695, section 6.2 "Formatted string binding").
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace landwaiter::advisories {

/// The ecosystem of what is known by CPE names alone; packages in it are "a:VENDOR:PRODUCT".
inline constexpr std::string_view kCpeEcosystem = "CPE";

struct Cpe {
  std::string product;  // "a:openssl:openssl", escapes as written, lower case
  std::string version;  // unescaped; "*" for any, "-" for none
  std::string update;   // the same
  /// Nothing is said of edition, language, target software and hardware: the product as such.
  bool plain = false;
};

/// nullopt for text that is no CPE 2.3 name of eleven parts.
std::optional<Cpe> ParseCpe(std::string_view text);

}  // namespace landwaiter::advisories
