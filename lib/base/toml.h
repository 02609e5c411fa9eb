// TOML 1.0 as lock files and hosts.toml have it: tables, arrays of tables, strings of all four
// kinds, arrays and inline tables. Numbers, dates and the like are told by their first characters'
// kind alone.
#pragma once

#include <string_view>

#include "lib/base/document_visitor.h"
#include "lib/base/result.h"

namespace landwaiter {

/// Arrays and inline tables in each other; uv.lock and poetry.lock have three.
inline constexpr std::size_t kMaxTomlDepth = 16;

/// Tells the document as StreamJson does: an element of the array of tables [[package]] is an
/// object at {"package", ""}, open until a table comes that is not its own. What was told before a
/// fault stays told. Errors: InvalidArgument "line N …".
Status StreamToml(std::string_view text, JsonVisitor& visitor);

}  // namespace landwaiter
