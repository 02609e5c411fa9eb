// Stanzas of "Field: value" lines (Debian policy 5.1 "Syntax of control files", deb-control(5)):
// the form of dpkg's and opkg's databases and of R's DESCRIPTION. Inside this room only.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "scanner/packages/stanza.h"

namespace landwaiter::packages {

/// More than any source asks for.
inline constexpr std::size_t kMaxControlFields = 8;

/// The values of the fields that were asked for, in that order; "" for those that are not there.
struct ControlStanza {
  std::size_t line = 0;  // of its first field
  bool closed = false;   // an empty line stands behind it; else it may be one that breaks off
  std::array<std::string_view, kMaxControlFields> values = {};
};

class ControlReader {
 public:
  /// `fields`, at most kMaxControlFields, and `out` must outlive the reader. Lines that are no
  /// fields, fields that come twice and a last line without its end are faults of `out`.
  ControlReader(std::string_view text, std::span<const std::string_view> fields,
                ReadingBuilder& out);
  /// The next stanza with a field in it; nullopt at the end.
  std::optional<ControlStanza> Next();

 private:
  void ReadLine(std::string_view line, ControlStanza& stanza);

  Lines lines_;
  std::span<const std::string_view> fields_;
  ReadingBuilder& out_;
};

}  // namespace landwaiter::packages
