// Regular expressions of policies and of secret rules, on RE2: time linear in the text, memory
// bounded, whatever pattern and text are. Bytes are bytes (Latin-1): a file's encoding is unknown.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace re2 {
class RE2;
}

namespace landwaiter {

/// Copies share the compiled program. Thread-safe.
class Regex {
 public:
  /// Of one program and its automata; RE2 falls back to a slower search beyond it.
  static constexpr std::size_t kMemoryBytes = 1u << 20;

  /// kLines: '^' and '$' are a line's, and no match goes over its end.
  enum class Unit { kText, kLines };
  /// Errors: InvalidArgument with RE2's words (syntax, or too large for kMemoryBytes).
  static Result<Regex> Compile(std::string_view pattern, Unit unit = Unit::kText);

  /// Anywhere in the text.
  bool Matches(std::string_view text) const;
  /// The first match: its first group where the pattern has one, else all of it. The view is into
  /// `text`.
  std::optional<std::string_view> Find(std::string_view text) const;

 private:
  explicit Regex(std::shared_ptr<const re2::RE2> program) : program_(std::move(program)) {}
  std::shared_ptr<const re2::RE2> program_;
};

}  // namespace landwaiter
