#include "lib/base/regex.h"

#include <re2/re2.h>

#include <utility>

namespace landwaiter {

Result<Regex> Regex::Compile(std::string_view pattern, Unit unit) {
  re2::RE2::Options options(re2::RE2::Latin1);
  options.set_log_errors(false);
  options.set_max_mem(kMemoryBytes);
  std::string whole(pattern);
  if (unit == Unit::kLines) {
    options.set_never_nl(true);
    whole = "(?m:" + whole + ")";
  }
  auto program = std::make_shared<const re2::RE2>(whole, options);
  if (!program->ok()) return InvalidArgument("is no regular expression: " + program->error());
  return Regex(std::move(program));
}

bool Regex::Matches(std::string_view text) const {
  return program_->Match(re2::StringPiece(text.data(), text.size()), 0, text.size(),
                         re2::RE2::UNANCHORED, nullptr, 0);
}

std::optional<std::string_view> Regex::Find(std::string_view text) const {
  re2::StringPiece groups[2];
  const int wanted = program_->NumberOfCapturingGroups() > 0 ? 2 : 1;
  if (!program_->Match(re2::StringPiece(text.data(), text.size()), 0, text.size(),
                       re2::RE2::UNANCHORED, groups, wanted)) {
    return std::nullopt;
  }
  const re2::StringPiece& found =
      wanted == 2 && groups[1].data() != nullptr ? groups[1] : groups[0];
  return std::string_view(found.data(), found.size());
}

}  // namespace landwaiter
