// The small things that the orders share.
#include "scanner/versions/orders.h"

#include <algorithm>

#include "lib/base/text.h"

namespace landwaiter::versions {

std::string_view TakeDigits(std::string_view& text) {
  std::size_t n = 0;
  while (n < text.size() && IsDigit(text[n])) ++n;
  const std::string_view digits = text.substr(0, n);
  text.remove_prefix(n);
  return digits;
}

int CompareText(std::string_view a, std::string_view b) {
  const int order = a.compare(b);
  return order < 0 ? -1 : (order > 0 ? 1 : 0);
}

int CompareNumbers(std::string_view a, std::string_view b) {
  while (!a.empty() && a.front() == '0') a.remove_prefix(1);
  while (!b.empty() && b.front() == '0') b.remove_prefix(1);
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return CompareText(a, b);
}

std::string Increment(std::string_view digits) {
  std::string next(digits);
  for (std::size_t i = next.size(); i-- > 0;) {
    if (next[i] != '9') {
      ++next[i];
      return next;
    }
    next[i] = '0';
  }
  return "1" + next;
}

bool AllDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsDigit);
}

bool IsNumberList(std::string_view text, std::string_view separators) {
  while (true) {
    if (TakeDigits(text).empty()) return false;
    if (text.empty()) return true;
    if (separators.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
  }
}

int CompareNumberLists(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    if (const int order = CompareNumbers(TakeDigits(a), TakeDigits(b)); order != 0) return order;
    if (!a.empty()) a.remove_prefix(1);
    if (!b.empty()) b.remove_prefix(1);
  }
  return static_cast<int>(!a.empty()) - static_cast<int>(!b.empty());
}

bool IsGraphic(std::string_view text, bool also_utf8) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte > 0x20 && byte < 0x7f) || (also_utf8 && byte >= 0x80);
  });
}

bool HoldsComparator(std::string_view op, int order) {
  if (op == "<") return order < 0;
  if (op == "<=") return order <= 0;
  if (op == ">") return order > 0;
  if (op == ">=") return order >= 0;
  if (op == "!=") return order != 0;
  return order == 0;
}

std::string_view TakeOperator(std::string_view& text,
                              std::initializer_list<std::string_view> operators) {
  for (const std::string_view op : operators) {
    if (!text.starts_with(op)) continue;
    text.remove_prefix(op.size());
    return op;
  }
  return {};
}

Result<EpochVersionRelease> SplitEpochVersionRelease(Scheme scheme, std::string_view text) {
  if (text.empty()) return BadVersion(scheme, text, "it is empty");
  if (!IsGraphic(text, /*also_utf8=*/true)) {
    return BadVersion(scheme, text, "it has a blank or a control character");
  }
  EpochVersionRelease version;
  std::string_view rest = text;
  std::string_view after = rest;
  const std::string_view digits = TakeDigits(after);
  if (after.starts_with(':')) {
    version.epoch = digits;
    rest = after.substr(1);
  }
  if (const auto hyphen = rest.rfind('-'); hyphen != std::string_view::npos) {
    version.release = rest.substr(hyphen + 1);
    rest = rest.substr(0, hyphen);
  }
  version.version = rest;
  return version;
}

Error BadVersion(Scheme scheme, std::string_view version, std::string_view why) {
  return InvalidArgument("version \"" + text::Truncate(text::Printable(version), 128) +
                         "\" is no " + std::string(SchemeName(scheme)) +
                         " version: " + std::string(why));
}

Error BadRange(Scheme scheme, std::string_view range, std::string_view why) {
  return InvalidArgument("range \"" + text::Truncate(text::Printable(range), 128) + "\" is no " +
                         std::string(SchemeName(scheme)) + " range: " + std::string(why));
}

}  // namespace landwaiter::versions
