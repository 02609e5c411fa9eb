// Text files as people and their editors save them. Inside this room only.
#pragma once

#include <string>
#include <string_view>

namespace landwaiter::packages {

/// A text in UTF-8: a byte order mark is taken off, and UTF-16, which only its mark makes known, is
/// turned (The Unicode Standard, 23.8 "Byte order mark"). What is broken in it becomes U+FFFD.
class PlainText {
 public:
  explicit PlainText(std::string_view bytes);
  PlainText(const PlainText&) = delete;
  PlainText& operator=(const PlainText&) = delete;

  /// Of the bytes it was made from, or of its own.
  std::string_view view() const { return view_; }
  /// Nothing but blanks and ends of lines.
  bool blank() const { return view_.find_first_not_of(" \t\r\n") == std::string_view::npos; }
  /// No text has a zero byte; UTF-32 and UTF-16 without a mark do.
  bool binary() const { return view_.find('\0') != std::string_view::npos; }

 private:
  std::string turned_;
  std::string_view view_;
};

}  // namespace landwaiter::packages
