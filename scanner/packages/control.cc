#include "scanner/packages/control.h"

#include <algorithm>
#include <cassert>

#include "lib/base/text.h"

namespace landwaiter::packages {

ControlReader::ControlReader(std::string_view text, std::span<const std::string_view> fields,
                             ReadingBuilder& out)
    : lines_(text), fields_(fields), out_(out) {
  assert(fields.size() <= kMaxControlFields);
}

void ControlReader::ReadLine(std::string_view line, ControlStanza& stanza) {
  if (line.front() == ' ' || line.front() == '\t') {
    if (stanza.line == 0) out_.FailAtLine(lines_.number(), "continues a field, but there is none");
    return;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !IsName(line.substr(0, colon), kMaxNameBytes)) {
    out_.FailAtLine(lines_.number(), "is no \"Field: value\"");
    return;
  }
  if (stanza.line == 0) stanza.line = lines_.number();
  const std::string_view name = line.substr(0, colon);
  const auto field = std::find_if(fields_.begin(), fields_.end(), [&](std::string_view wanted) {
    return text::EqualsIgnoreCase(wanted, name);
  });
  if (field == fields_.end()) return;
  std::string_view& value = stanza.values[static_cast<std::size_t>(field - fields_.begin())];
  if (!value.empty()) {
    out_.FailAtLine(lines_.number(), "repeats a field of its stanza");
    return;
  }
  value = text::Trim(line.substr(colon + 1));
}

std::optional<ControlStanza> ControlReader::Next() {
  ControlStanza stanza;
  while (const auto line = lines_.Next()) {
    if (!text::Trim(*line).empty()) {
      ReadLine(*line, stanza);
      continue;
    }
    if (stanza.line == 0) continue;
    stanza.closed = true;
    return stanza;
  }
  if (!lines_.ended()) {
    out_.FailAtLine(lines_.number(), "breaks off: the file does not end there");
  }
  if (stanza.line == 0) return std::nullopt;
  return stanza;
}

}  // namespace landwaiter::packages
