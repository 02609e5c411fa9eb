#include "scanner/image/challenge.h"

#include <optional>

#include "lib/base/text.h"

namespace landwaiter::image {
namespace {

bool IsTokenChar(char c) {  // RFC 9110, 5.6.2
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kOthers.find(c) != std::string_view::npos;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool AtEnd() const { return at_ == text_.size(); }
  char Peek() const { return AtEnd() ? '\0' : text_[at_]; }
  void Next() { ++at_; }
  std::size_t SkipSpace() {
    const std::size_t start = at_;
    while (Peek() == ' ' || Peek() == '\t') ++at_;
    return at_ - start;
  }
  void SkipListGaps() {
    while (Peek() == ',' || Peek() == ' ' || Peek() == '\t') ++at_;
  }
  std::string_view Token() {
    const std::size_t start = at_;
    while (!AtEnd() && IsTokenChar(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }
  /// token68 may hold '/' and end in '='; only ever skipped.
  void SkipToken68() {
    while (!AtEnd() && (IsTokenChar(Peek()) || Peek() == '/' || Peek() == '=')) ++at_;
  }
  /// A token or a quoted string; nullopt where it does not end.
  std::optional<std::string> Value() {
    if (Peek() != '"') {
      const std::string_view token = Token();
      return token.empty() ? std::nullopt : std::optional<std::string>(token);
    }
    Next();
    std::string value;
    while (!AtEnd() && Peek() != '"') {
      if (Peek() == '\\') Next();
      if (AtEnd()) return std::nullopt;
      value += Peek();
      Next();
    }
    if (AtEnd()) return std::nullopt;
    Next();
    return value;
  }
  std::size_t position() const { return at_; }
  void Rewind(std::size_t position) { at_ = position; }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

/// True when a "name = value" was there and taken; otherwise nothing is consumed.
bool TakeParameter(Reader& reader, Challenge& challenge) {
  const std::size_t start = reader.position();
  const std::string_view name = reader.Token();
  reader.SkipSpace();
  if (!name.empty() && reader.Peek() == '=') {
    reader.Next();
    reader.SkipSpace();
    if (auto value = reader.Value()) {
      if (challenge.parameters.size() < kMaxChallengeParameters) {
        challenge.parameters.emplace(text::ToLower(name), std::move(*value));
      }
      return true;
    }
  }
  reader.Rewind(start);
  return false;
}

}  // namespace

std::vector<Challenge> ParseChallenges(std::string_view header) {
  std::vector<Challenge> challenges;
  Reader reader(header);
  while (challenges.size() < kMaxChallenges) {
    reader.SkipListGaps();
    const std::string_view scheme = reader.Token();
    if (scheme.empty()) break;
    Challenge& challenge = challenges.emplace_back();
    challenge.scheme = text::ToLower(scheme);
    if (reader.SkipSpace() == 0) {
      if (!reader.AtEnd() && reader.Peek() != ',') break;  // neither a scheme nor a list
      continue;
    }
    if (!TakeParameter(reader, challenge)) {
      // A token68, or nothing: then the next token is a scheme of its own after a comma.
      reader.SkipToken68();
      continue;
    }
    // After a comma either another parameter of this challenge or the next scheme.
    for (;;) {
      reader.SkipSpace();
      if (reader.Peek() != ',') break;
      reader.SkipListGaps();
      if (!TakeParameter(reader, challenge)) break;
    }
  }
  return challenges;
}

}  // namespace landwaiter::image
