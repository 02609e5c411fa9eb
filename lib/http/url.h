// Absolute http and https URLs (RFC 3986), read with libcurl's parser, the same that connects: two
// parsers that disagree about where a host ends are a way around an address check.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace landwaiter::http {

struct Url {
  std::string scheme;  // "http" or "https"
  std::string host;    // lower case; IPv6 literals with brackets
  int port = 0;        // never 0 after Parse: the scheme's own where none was written
  std::string target;  // path and query, starts with '/'

  /// At most kMaxUrlBytes. Errors: InvalidArgument for anything but an absolute http(s) URL without
  /// user name, white space and control characters.
  static Result<Url> Parse(std::string_view text);
  /// A Location header seen from this URL: absolute, scheme-relative, absolute path or relative.
  Result<Url> Resolve(std::string_view location) const;
  /// "https://host[:port]/path?query"; the port only where it is not the scheme's own.
  std::string ToString() const;
  /// Without the query, for messages: presigned URLs carry credentials there.
  std::string ForMessages() const;
  /// "host:port", the port always written.
  std::string HostPort() const;
  bool SameOrigin(const Url& other) const;
};

inline constexpr std::size_t kMaxUrlBytes = 16u << 10;  // presigned ones are 1–3 KiB

/// application/x-www-form-urlencoded of one value: all but unreserved characters become %XX.
std::string PercentEncode(std::string_view text);

}  // namespace landwaiter::http
