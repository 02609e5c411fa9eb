// Keys, scalars and flow values within one line of YAML (yaml_lines.h). Inside this room only.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "scanner/packages/json_stream.h"

namespace landwaiter::packages {

struct YamlKey {
  std::string key;
  std::string_view rest;  // behind the colon, trimmed
};
/// "key: rest", the key plain or quoted; nullopt where the text begins with no key.
std::optional<YamlKey> FindKey(std::string_view text);

struct YamlScalar {
  std::string value;
  std::string_view rest;
};
/// A quoted scalar at the front; nullopt where it has no end.
std::optional<YamlScalar> TakeQuoted(std::string_view text);
/// A scalar that is the whole text. Errors: InvalidArgument.
Result<std::string> WholeScalar(std::string_view text);
/// A plain scalar's text, trimmed.
std::string_view WithoutComment(std::string_view text);

/// Tells a flow map or list that is the whole text, as what stands at `path`.
/// Errors: InvalidArgument, also where it nests so deep that `path` would pass `max_depth`.
Status TellFlow(std::string_view text, JsonPath& path, std::size_t max_depth, JsonVisitor& visitor);

}  // namespace landwaiter::packages
