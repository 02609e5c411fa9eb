// A place in a TOML text: blanks, keys, strings (toml.h). Included by toml.cc only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace landwaiter {

class TomlCursor {
 public:
  explicit TomlCursor(std::string_view text) : text_(text) {}

  bool AtEnd() const { return at_ >= text_.size(); }
  bool At(char c) const { return !AtEnd() && text_[at_] == c; }
  void Skip(std::size_t count) { at_ += count; }
  /// Spaces and tabs.
  void SkipBlanks();
  /// Blanks, ends of lines and comments.
  void SkipSpace();
  /// Skips blanks, then takes `c` if it is there.
  bool Take(char c);
  /// Only blanks and a comment are left of the line.
  bool EndOfLine();

  /// "a.b", parts bare or quoted. Errors: InvalidArgument.
  Result<std::vector<std::string>> DottedKey();
  /// A string at hand, of any of the four kinds. Errors: InvalidArgument.
  Result<std::string> String();
  /// What is neither a blank nor punctuation.
  std::string_view Word();

  Error Fault(std::string_view what) const;

 private:
  bool Has(std::string_view word) const { return text_.substr(at_).starts_with(word); }
  std::string Escape();

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace landwaiter
