// The YAML that package managers write (js-yaml, Ruby's and Dart's emitters): block maps and lists,
// plain, quoted and folded scalars, flow values that end on their line (YAML 1.2.2, chapters 7
// and 8).
//
// Anchors, aliases, tags and flow values over several lines are refused, so no document can grow
// beyond its own size. Inside this room only.
#pragma once

#include <string_view>

#include "lib/base/result.h"
#include "scanner/packages/json_stream.h"

namespace landwaiter::packages {

/// Podfile.lock and pnpm-lock.yaml nest five deep.
inline constexpr std::size_t kMaxYamlDepth = 16;

enum class Documents {
  kOne,
  kAll,  // each begins and ends with an empty path
};

/// Tells the document as StreamJson does; scalars of several lines are told as "". Where only one
/// is due, a second one is a fault. What was told before a fault stays told. Errors:
/// InvalidArgument "line N …".
Status StreamYaml(std::string_view text, JsonVisitor& visitor,
                  Documents documents = Documents::kOne);

}  // namespace landwaiter::packages
