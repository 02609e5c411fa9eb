// A JSON text as a stream of values, so that neither its size nor its depth cost memory. Inside
// this room only.
#pragma once

#include <cstddef>
#include <string_view>

#include "lib/base/document_visitor.h"
#include "lib/base/result.h"

namespace landwaiter::packages {

/// Deeper values are skipped: no record that an installed package leaves keeps anything there.
inline constexpr std::size_t kMaxJsonStreamDepth = 8;

/// One whole JSON text (RFC 8259); a byte order mark before it is skipped. What was told before a
/// fault stays told; what lies deeper than `max_depth` is not told. Errors: InvalidArgument "is no
/// JSON: it breaks at byte N".
Status StreamJson(std::string_view text, JsonVisitor& visitor,
                  std::size_t max_depth = kMaxJsonStreamDepth);

}  // namespace landwaiter::packages
