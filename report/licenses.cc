#include "report/licenses.h"

#include <algorithm>

#include "lib/base/digest.h"
#include "lib/base/text.h"

namespace landwaiter::report {
namespace {

constexpr int kMaxDepth = 20;
constexpr std::size_t kMaxExpression = 1000;

using Ids = std::vector<std::string_view>;

bool IsIdChar(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '.';
}

/// In the list's spelling, "" where it is not on the list.
std::string_view Listed(const Ids& ids, std::string_view name) {
  const std::string lower = text::ToLower(name);
  const auto at = std::lower_bound(
      ids.begin(), ids.end(), lower,
      [](std::string_view id, const std::string& sought) { return text::ToLower(id) < sought; });
  return at != ids.end() && text::ToLower(*at) == lower ? *at : std::string_view();
}

const Ids& Licenses() {
  static const Ids kIds = text::Split(kSpdxLicenseIds, ' ');
  return kIds;
}

const Ids& Exceptions() {
  static const Ids kIds = text::Split(kSpdxExceptionIds, ' ');
  return kIds;
}

/// Recursive descent over: or := and {OR and}; and := part {AND part};
/// part := "(" or ")" | id ["+"] [WITH exception].
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<std::string> Read() {
    Or(0);
    Blanks();
    if (failed_ || at_ != text_.size() || out_.empty()) return std::nullopt;
    return std::move(out_);
  }

 private:
  void Blanks() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }

  std::string_view Word() {
    Blanks();
    const std::size_t from = at_;
    while (at_ < text_.size() && IsIdChar(text_[at_])) ++at_;
    return text_.substr(from, at_ - from);
  }

  /// An operator is upper case or lower case (annex D.2), never mixed.
  bool Operator(std::string_view upper) {
    const std::size_t from = at_;
    const std::string_view word = Word();
    if (word == upper || word == text::ToLower(upper)) return true;
    at_ = from;
    return false;
  }

  void Or(int depth) {
    do {
      if (!out_.empty() && out_.back() != '(') out_ += " OR ";
      And(depth);
    } while (!failed_ && Operator("OR"));
  }

  void And(int depth) {
    Part(depth);
    while (!failed_ && Operator("AND")) {
      out_ += " AND ";
      Part(depth);
    }
  }

  void Part(int depth) {
    Blanks();
    if (at_ < text_.size() && text_[at_] == '(') {
      if (depth >= kMaxDepth) return Fail();
      ++at_;
      out_ += '(';
      Or(depth + 1);
      Blanks();
      if (failed_ || at_ >= text_.size() || text_[at_] != ')') return Fail();
      ++at_;
      out_ += ')';
      return;
    }
    std::string_view name = Word();
    const std::string_view id = Listed(Licenses(), name);
    if (id.empty()) return Fail();
    out_ += id;
    if (at_ < text_.size() && text_[at_] == '+') {
      // "GPL-2.0+" is an id of the list, "Apache-1.1+" is not.
      out_ += '+';
      ++at_;
    }
    if (!Operator("WITH")) return;
    const std::string_view exception = Listed(Exceptions(), Word());
    if (exception.empty()) return Fail();
    out_ += " WITH ";
    out_ += exception;
  }

  void Fail() { failed_ = true; }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
  bool failed_ = false;
};

bool IsCompound(std::string_view expression) {
  return expression.find(" OR ") != std::string_view::npos;
}

}  // namespace

std::optional<std::string> SpdxExpression(std::string_view text) {
  if (text.size() > kMaxExpression) return std::nullopt;
  return Reader(text).Read();
}

std::string LicenseRef(std::string_view text) {
  constexpr std::size_t kMaxWords = 40;
  std::string words;
  for (const char c : text.substr(0, kMaxWords)) {
    words += IsIdChar(c) ? c : '-';
  }
  return "LicenseRef-" + words + "-" + std::string(Sha256::Of(text).Hex().substr(0, 8));
}

std::string LicenseExpressionOf(const std::vector<std::string>& recorded,
                                std::map<std::string, std::string>& texts) {
  std::vector<std::string> parts;
  for (const std::string& text : recorded) {
    if (text::Trim(text).empty()) continue;
    std::string part;
    if (auto expression = SpdxExpression(text)) {
      part = IsCompound(*expression) && recorded.size() > 1 ? "(" + *expression + ")" : *expression;
    } else {
      part = LicenseRef(text);
      texts.emplace(part, text);
    }
    if (std::find(parts.begin(), parts.end(), part) == parts.end()) parts.push_back(part);
  }
  return text::Join(parts, " AND ");
}

}  // namespace landwaiter::report
