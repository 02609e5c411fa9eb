// The query of a request, read strictly: what is unknown, doubled, too long, no UTF-8 or badly
// encoded is refused and named, so that a misspelt filter never answers more than was asked for.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace landwaiter::controller::report_api {

inline constexpr std::size_t kMaxQueryBytes = 8 * 1024;
inline constexpr std::size_t kMaxParams = 32;
inline constexpr std::size_t kMaxParamBytes = 4 * 1024;
inline constexpr std::size_t kMaxSegments = 8;

/// Percent-decoded (RFC 3986, section 2.1). Errors: InvalidArgument for a '%' without two digits,
/// what is no UTF-8, and control characters.
Result<std::string> PercentDecoded(std::string_view text, bool plus_is_blank);

/// "/v1/images/sha256:…" in its decoded parts. Errors: InvalidArgument for empty parts, "." and
/// "..", a '/' in a part, and too many of them.
Result<std::vector<std::string>> PathSegments(std::string_view path);

/// The first fault sticks: read everything, then ask Done().
class Params {
 public:
  /// Errors (of Done): InvalidArgument.
  explicit Params(std::string_view query) { Read(query); }

  /// max_characters counts code points.
  std::string Text(const std::string& name, std::size_t max_characters = 256);
  /// As Text; an empty or absent one is a fault.
  std::string Required(const std::string& name, std::size_t max_characters = 256);
  /// The word of `words` that it is in any case, as `words` write it; "" for none.
  std::string OneOf(const std::string& name, std::initializer_list<std::string_view> words);
  std::size_t Count(const std::string& name, std::size_t otherwise, std::size_t most);
  std::optional<bool> Flag(const std::string& name);
  /// Errors: the first fault, or a parameter that nobody asked for.
  Status Done() const;

 private:
  void Read(std::string_view query);
  std::optional<std::string> Take(const std::string& name);
  void Fail(const std::string& why);

  std::map<std::string, std::string> left_;
  Status status_;
};

}  // namespace landwaiter::controller::report_api
