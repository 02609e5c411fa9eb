#include "scanner/versions/vers.h"

#include <algorithm>
#include <optional>

#include "lib/base/text.h"
#include "scanner/versions/orders.h"

namespace landwaiter::versions {
namespace {

Error Bad(std::string_view range, std::string_view why) {
  return InvalidArgument("range \"" + text::Truncate(text::Printable(range), 128) +
                         "\" is no vers range: " + std::string(why));
}

int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::optional<std::string> PercentDecode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = HexValue(text[i + 1]);
    const int low = HexValue(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

// Sorted so that of two at one version the end of an interval stands before the next one's start.
Status Sort(VersRange& range) {
  for (const VersConstraint& constraint : range.constraints) {
    if (auto status = Validate(range.scheme, constraint.version); !status) return status;
  }
  // A stable sort merges: it stays within bounds even where an order has circles (Maven's).
  std::stable_sort(range.constraints.begin(), range.constraints.end(),
                   [&](const VersConstraint& a, const VersConstraint& b) {
                     const auto order = Compare(range.scheme, a.version, b.version);
                     if (order && *order != 0) return *order < 0;
                     return a.op.starts_with('<') && !b.op.starts_with('<');
                   });
  return Ok();
}

bool IsLowerBound(const VersConstraint* bound) { return bound->op.front() == '>'; }

// The bounds without those that the spec's simplification drops: of lower bounds in a row all but
// the first, of upper ones all but the last.
std::vector<const VersConstraint*> Bounds(const VersRange& range) {
  std::vector<const VersConstraint*> bounds;
  for (const VersConstraint& constraint : range.constraints) {
    if (constraint.op == "=" || constraint.op == "!=") continue;
    if (!bounds.empty() && IsLowerBound(bounds.back()) == IsLowerBound(&constraint)) {
      if (!IsLowerBound(&constraint)) bounds.back() = &constraint;
    } else {
      bounds.push_back(&constraint);
    }
  }
  return bounds;
}

}  // namespace

Result<VersRange> ParseVers(std::string_view range) {
  if (range.size() > kMaxRangeBytes) {
    return ResourceExhausted("vers range has " + std::to_string(range.size()) +
                             " bytes, the limit is " + std::to_string(kMaxRangeBytes));
  }
  std::string compact;
  for (const char c : range) {
    if (c != ' ' && c != '\t') compact += c;
  }
  std::string_view rest = compact;
  const auto slash = rest.find('/');
  if (!rest.starts_with("vers:") || slash == std::string_view::npos) {
    return Bad(range, "it does not read as vers:scheme/…");
  }
  const auto scheme = ParseScheme(rest.substr(5, slash - 5));
  if (!scheme) return Bad(range, "its scheme is unknown");
  rest.remove_prefix(slash + 1);
  VersRange out;
  out.scheme = *scheme;
  if (rest == "*") {
    out.all = true;
    return out;
  }
  for (std::string_view part : text::Split(rest, '|')) {
    std::string_view op = TakeOperator(part, {">=", "<=", "!=", ">", "<", "="});
    auto version = PercentDecode(part);
    if (!version || version->empty()) return Bad(range, "a constraint has no version");
    out.constraints.push_back({op.empty() ? "=" : op, *std::move(version)});
  }
  if (auto status = Sort(out); !status) return std::move(status).error();
  return out;
}

Result<bool> InVersRange(const VersRange& range, std::string_view version) {
  if (auto status = Validate(range.scheme, version); !status) return std::move(status).error();
  if (range.all) return true;
  bool named = false;
  bool excludes_only = true;
  for (const VersConstraint& constraint : range.constraints) {
    excludes_only = excludes_only && constraint.op == "!=";
    const auto order = Compare(range.scheme, version, constraint.version);
    if (!order) return order.error();
    if (*order != 0) continue;
    if (constraint.op == "!=") return false;
    named = named || constraint.op.ends_with('=');
  }
  if (named || excludes_only) return true;
  const auto bounds = Bounds(range);
  // The last bound below the version says what it lies in; before the first, that one says it.
  bool inside = !bounds.empty() && !IsLowerBound(bounds.front());
  for (const VersConstraint* bound : bounds) {
    const auto order = Compare(range.scheme, version, bound->version);
    if (!order) return order.error();
    if (*order < 0) break;
    inside = *order > 0 && IsLowerBound(bound);
  }
  return inside;
}

}  // namespace landwaiter::versions
