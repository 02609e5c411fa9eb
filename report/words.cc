#include "report/words.h"

#include "lib/base/text.h"

namespace landwaiter::report {

std::string PlainText(std::string_view text) {
  std::string plain = text::Printable(text);
  for (std::size_t at = plain.find("##"); at != std::string::npos; at = plain.find("##", at)) {
    plain[at + 1] = '?';
  }
  const std::size_t first = plain.find_first_not_of(' ');
  if (first != std::string::npos && plain.compare(first, 2, "::") == 0) plain[first] = '?';
  return plain;
}

std::string WithoutBuildArguments(std::string_view created_by) {
  constexpr std::string_view kRun = "RUN ", kShell = "/bin/sh -c ";
  const std::size_t bar = created_by.starts_with(kRun) ? kRun.size() : 0;
  const std::size_t blank = created_by.find(' ', bar);
  if (!created_by.substr(bar).starts_with('|') || blank == std::string_view::npos) {
    return std::string(created_by);
  }
  // Another shell's command cannot be told from the last value.
  const std::size_t shell = created_by.find(kShell, blank);
  return std::string(created_by.substr(0, blank)) + " …" +
         (shell == std::string_view::npos ? "" : " " + std::string(created_by.substr(shell)));
}

std::string MarkdownCode(std::string_view text, std::size_t max_bytes) {
  std::string span;
  for (const char c : text::Truncate(PlainText(text), max_bytes)) {
    if (c == '|') {
      span += "¦";
    } else {
      span += c == '`' ? '\'' : c;
    }
  }
  // A span of blanks alone is none.
  if (span.find_first_not_of(' ') == std::string::npos) return "–";
  return "`" + span + "`";
}

std::string Plural(std::uint64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

std::string CountsLine(const SeverityCounts& counts) {
  std::string line;
  for (const Severity severity : {Severity::kCritical, Severity::kHigh, Severity::kMedium,
                                  Severity::kLow, Severity::kNegligible, Severity::kUnknown}) {
    line += std::string(line.empty() ? "" : ", ") + std::to_string(counts.Of(severity)) + " " +
            text::ToLower(SeverityName(severity));
  }
  line += "; " + std::to_string(counts.fixable) + " fixable";
  if (counts.known_exploited > 0) {
    line += ", " + std::to_string(counts.known_exploited) + " known exploited";
  }
  return line;
}

}  // namespace landwaiter::report
