// Ranges of any scheme as advisories write them: alternatives separated by "||", each a list of
// comparators separated by commas or blanks, each an operator (< <= = == > >= !=, none for =) and a
// version. "*" and the empty list hold every version.
#include "lib/base/text.h"
#include "scanner/versions/orders.h"

namespace landwaiter::versions {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == ','; }

// The next comparator of `rest`: its operator, and its version behind any blanks.
struct Comparator {
  std::string_view op;
  std::string_view version;
};

Comparator Take(std::string_view& rest) {
  Comparator comparator;
  std::size_t n = 0;
  while (n < rest.size() && std::string_view("<>=!").find(rest[n]) != std::string_view::npos) ++n;
  comparator.op = rest.substr(0, n);
  while (n < rest.size() && IsBlank(rest[n])) ++n;
  const std::size_t begin = n;
  while (n < rest.size() && !IsBlank(rest[n])) ++n;
  comparator.version = rest.substr(begin, n - begin);
  rest.remove_prefix(n);
  return comparator;
}

bool IsOperator(std::string_view op) {
  return op.empty() || op == "<" || op == "<=" || op == ">" || op == ">=" || op == "=" ||
         op == "==" || op == "!=";
}

Result<bool> HoldsAll(Scheme scheme, std::string_view range, std::string_view list,
                      std::string_view version) {
  bool all = true;
  while (true) {
    while (!list.empty() && IsBlank(list.front())) list.remove_prefix(1);
    if (list.empty()) return all;
    const Comparator comparator = Take(list);
    if (comparator.op.empty() && comparator.version == "*") continue;
    if (!IsOperator(comparator.op)) {
      return BadRange(scheme, range, "operator " + std::string(comparator.op) + " is unknown");
    }
    auto order = Compare(scheme, version, comparator.version);
    if (!order) return std::move(order).error();
    // Malformed comparators behind one that fails are still found.
    all = all && HoldsComparator(comparator.op, *order);
  }
}

}  // namespace

Result<bool> SatisfiesComparators(Scheme scheme, std::string_view range, std::string_view version,
                                  const RangeOptions& /*options*/) {
  bool any = false;
  std::string_view rest = range;
  while (true) {
    const auto bar = rest.find("||");
    auto holds = HoldsAll(scheme, range, rest.substr(0, bar), version);
    if (!holds) return holds;
    any = any || *holds;
    if (bar == std::string_view::npos) return any;
    rest.remove_prefix(bar + 2);
  }
}

}  // namespace landwaiter::versions
