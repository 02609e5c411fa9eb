// Words and numbers that the formats for people share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/finding.h"

namespace landwaiter::report {

/// text::Printable for what may go to the log of a pipeline. A runner takes "##[…]" and "##vso[…]"
/// for commands wherever in a line they stand, and "::" at its start: "##" becomes "#?", a first
/// "::" "?:".
std::string PlainText(std::string_view text);

/// What made a layer, without the values that its build was given: people put credentials there.
/// "RUN |1 TOKEN=x /bin/sh -c make" is "RUN |1 … /bin/sh -c make".
std::string WithoutBuildArguments(std::string_view created_by);

/// A code span of Markdown, also within a table: nothing in it is markup, HTML, a link, or calls
/// somebody (@). What would end it or the table's cell ("`" and "|") is shown as "'" and "¦"; what
/// is longer than `max_bytes` is cut. "–" for what shows nothing.
std::string MarkdownCode(std::string_view text, std::size_t max_bytes = 120);

std::string Plural(std::uint64_t count, std::string_view one, std::string_view many);

/// "1 critical, 0 high, …; 2 fixable, 1 known exploited".
std::string CountsLine(const SeverityCounts& counts);

}  // namespace landwaiter::report
