#include "scanner/versions/table.h"

#include "lib/base/text.h"

namespace landwaiter::versions {
namespace {

std::string OrderName(int order) { return order < 0 ? "<" : (order > 0 ? ">" : "="); }

// Empty where the row is right.
std::string CheckPair(Scheme scheme, std::string_view a, std::string_view op, std::string_view b) {
  auto there = Compare(scheme, a, b);
  if (!there) return there.error().message;
  auto back = Compare(scheme, b, a);
  if (!back) return back.error().message;
  if (*there != -*back) return OrderName(*there) + ", but turned round " + OrderName(*back);
  const std::string got = OrderName(*there);
  return got == op ? "" : got;
}

std::string CheckRange(Scheme scheme, const std::vector<std::string_view>& columns) {
  RangeOptions options;
  if (columns.size() > 3) {
    options.loose = columns[3].find("loose") != std::string_view::npos;
    options.include_prerelease = columns[3].find("includePrerelease") != std::string_view::npos;
  }
  auto satisfied = Satisfies(scheme, columns[0], columns[1], options);
  const bool answer = satisfied && *satisfied;
  if ((columns[2] == "true") == answer) return "";
  return satisfied ? (answer ? "true" : "false") : satisfied.error().message;
}

std::string CheckRow(Scheme scheme, std::string_view line) {
  const auto columns = text::Split(line, '\t');
  if (columns.size() >= 3 && (columns[1] == "<" || columns[1] == "=" || columns[1] == ">")) {
    return CheckPair(scheme, columns[0], columns[1], columns[2]);
  }
  if (columns.size() >= 3 && (columns[2] == "true" || columns[2] == "false")) {
    return CheckRange(scheme, columns);
  }
  return "the row is neither left, op, right nor range, version, satisfied";
}

}  // namespace

TableReport CheckTable(Scheme scheme, std::string_view table) {
  TableReport report;
  std::size_t number = 0;
  for (std::string_view line : text::Split(table, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    ++report.rows;
    if (std::string got = CheckRow(scheme, line); !got.empty()) {
      std::string shown;
      for (const char c : line) shown += c == '\t' ? ' ' : c;
      report.wrong.push_back({number, text::Printable(shown), std::move(got)});
    }
  }
  return report;
}

}  // namespace landwaiter::versions
