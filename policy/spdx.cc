#include "policy/spdx.h"

#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "policy/spdx_ids.h"

namespace landwaiter::policy {
namespace {

constexpr std::size_t kMaxDepth = 32;

struct Renamed {
  std::string_view old;
  std::string_view id;
  std::string_view exception = {};
};
// SPDX License List, "Deprecated License Identifiers".
constexpr Renamed kDeprecated[] = {
    {"AGPL-1.0", "AGPL-1.0-only"},
    {"AGPL-3.0", "AGPL-3.0-only"},
    {"BSD-2-Clause-FreeBSD", "BSD-2-Clause"},
    {"BSD-2-Clause-NetBSD", "BSD-2-Clause"},
    {"bzip2-1.0.5", "bzip2-1.0.6"},
    {"eCos-2.0", "GPL-2.0-or-later", "eCos-exception-2.0"},
    {"GFDL-1.1", "GFDL-1.1-only"},
    {"GFDL-1.2", "GFDL-1.2-only"},
    {"GFDL-1.3", "GFDL-1.3-only"},
    {"GPL-1.0", "GPL-1.0-only"},
    {"GPL-1.0+", "GPL-1.0-or-later"},
    {"GPL-2.0", "GPL-2.0-only"},
    {"GPL-2.0+", "GPL-2.0-or-later"},
    {"GPL-2.0-with-autoconf-exception", "GPL-2.0-only", "Autoconf-exception-2.0"},
    {"GPL-2.0-with-bison-exception", "GPL-2.0-or-later", "Bison-exception-2.2"},
    {"GPL-2.0-with-classpath-exception", "GPL-2.0-only", "Classpath-exception-2.0"},
    {"GPL-2.0-with-font-exception", "GPL-2.0-only", "Font-exception-2.0"},
    {"GPL-2.0-with-GCC-exception", "GPL-2.0-or-later", "GCC-exception-2.0"},
    {"GPL-3.0", "GPL-3.0-only"},
    {"GPL-3.0+", "GPL-3.0-or-later"},
    {"GPL-3.0-with-autoconf-exception", "GPL-3.0-only", "Autoconf-exception-3.0"},
    {"GPL-3.0-with-GCC-exception", "GPL-3.0-only", "GCC-exception-3.1"},
    {"LGPL-2.0", "LGPL-2.0-only"},
    {"LGPL-2.0+", "LGPL-2.0-or-later"},
    {"LGPL-2.1", "LGPL-2.1-only"},
    {"LGPL-2.1+", "LGPL-2.1-or-later"},
    {"LGPL-3.0", "LGPL-3.0-only"},
    {"LGPL-3.0+", "LGPL-3.0-or-later"},
    {"StandardML-NJ", "SMLNJ"},
    {"wxWindows", "LGPL-2.0-or-later", "WxWindows-exception-3.1"},
};

// Words of packages that mean one license alone (Fedora's "Callaway" names, PyPI's and npm's
// texts). Whole texts, or one side of "and" and "or"; compared without regard to case.
constexpr std::pair<std::string_view, std::string_view> kOlderWords[] = {
    {"agplv3", "AGPL-3.0-only"},
    {"agplv3+", "AGPL-3.0-or-later"},
    {"apache 2", "Apache-2.0"},
    {"apache 2.0", "Apache-2.0"},
    {"apache license 2.0", "Apache-2.0"},
    {"apache license, version 2.0", "Apache-2.0"},
    {"apache license version 2.0", "Apache-2.0"},
    {"apache-2", "Apache-2.0"},
    {"apache2", "Apache-2.0"},
    {"apache2.0", "Apache-2.0"},
    {"asl 2.0", "Apache-2.0"},
    {"bsd 2-clause", "BSD-2-Clause"},
    {"bsd 3-clause", "BSD-3-Clause"},
    {"bsd-2", "BSD-2-Clause"},
    {"bsd-3", "BSD-3-Clause"},
    {"epl 2.0", "EPL-2.0"},
    {"epl-2", "EPL-2.0"},
    {"gpl2", "GPL-2.0-only"},
    {"gpl3", "GPL-3.0-only"},
    {"gplv2", "GPL-2.0-only"},
    {"gplv2+", "GPL-2.0-or-later"},
    {"gplv3", "GPL-3.0-only"},
    {"gplv3+", "GPL-3.0-or-later"},
    {"isc license", "ISC"},
    {"lgplv2+", "LGPL-2.0-or-later"},
    {"lgplv2.1", "LGPL-2.1-only"},
    {"lgplv2.1+", "LGPL-2.1-or-later"},
    {"lgplv3", "LGPL-3.0-only"},
    {"lgplv3+", "LGPL-3.0-or-later"},
    {"mit license", "MIT"},
    {"mit/x11", "MIT"},
    {"mpl 2.0", "MPL-2.0"},
    {"mpl-2", "MPL-2.0"},
    {"mplv2.0", "MPL-2.0"},
    {"new bsd license", "BSD-3-Clause"},
    {"the mit license", "MIT"},
    {"the mit license (mit)", "MIT"},
    {"unlicense", "Unlicense"},
    {"zlib/libpng", "Zlib"},
    {"zpl 2.1", "ZPL-2.1"},
    {"zplv2.1", "ZPL-2.1"},
};

std::string_view OlderWord(std::string_view text) {
  for (const auto& [word, id] : kOlderWords) {
    if (text::EqualsIgnoreCase(word, text)) return id;
  }
  return {};
}

bool IsWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '+' || c == ':' || c == '_';
}

bool IsReference(std::string_view id) {
  return id.starts_with("LicenseRef-") ||
         (id.starts_with("DocumentRef-") && id.find(":LicenseRef-") != std::string_view::npos);
}

std::string Quoted(std::string_view word) {
  return "'" + text::Printable(text::Truncate(word, 80)) + "'";
}

enum class Words { kSpdx, kOlderToo };

/// Tokens of an expression. With older words, "and" and "or" part texts of several words.
std::vector<std::string_view> Tokens(std::string_view text) {
  std::vector<std::string_view> tokens;
  std::size_t i = 0;
  while (i < text.size()) {
    if (text[i] == ' ' || text[i] == '\t' || text[i] == '\n' || text[i] == '\r') {
      ++i;
      continue;
    }
    std::size_t end = i + 1;
    if (IsWordByte(text[i])) {
      while (end < text.size() && IsWordByte(text[end])) ++end;
    }
    tokens.push_back(text.substr(i, end - i));
    i = end;
  }
  return tokens;
}

}  // namespace

/// Precedence, lowest first: OR, AND, WITH, "+".
class LicenseParser {
 public:
  LicenseParser(std::string_view text, Words words) : tokens_(Tokens(text)), words_(words) {}

  Result<LicenseExpression> Parse() {
    if (tokens_.empty()) return InvalidArgument("is empty");
    if (Status read = Choice(0); !read) return std::move(read).error();
    if (at_ < tokens_.size()) {
      return InvalidArgument(Quoted(tokens_[at_]) + " stands where AND, OR or the end should");
    }
    return std::move(expression_);
  }

 private:
  using Kind = LicenseExpression::Kind;

  bool IsNext(std::string_view upper) const {
    return at_ < tokens_.size() && text::EqualsIgnoreCase(tokens_[at_], upper);
  }

  Status Choice(std::size_t depth) {
    if (Status read = All(depth); !read) return read;
    while (IsNext("OR")) {
      ++at_;
      if (Status read = All(depth); !read) return read;
      expression_.steps_.push_back({Kind::kOr});
    }
    return Ok();
  }

  Status All(std::size_t depth) {
    if (Status read = One(depth); !read) return read;
    while (IsNext("AND")) {
      ++at_;
      if (Status read = One(depth); !read) return read;
      expression_.steps_.push_back({Kind::kAnd});
    }
    return Ok();
  }

  Status One(std::size_t depth) {
    if (at_ >= tokens_.size()) return InvalidArgument("ends where a license should stand");
    if (tokens_[at_] != "(") return Term();
    if (depth >= kMaxDepth) {
      return ResourceExhausted("is nested deeper than " + std::to_string(kMaxDepth));
    }
    ++at_;
    if (Status read = Choice(depth + 1); !read) return read;
    if (!IsNext(")")) return InvalidArgument("has a '(' without its ')'");
    ++at_;
    return Ok();
  }

  Status Term() {
    LicenseTerm term;
    if (Status read = License(term); !read) return read;
    if (IsNext("WITH")) {
      ++at_;
      const std::string_view word = at_ < tokens_.size() ? tokens_[at_] : std::string_view();
      const std::string_view exception = SpdxException(word);
      if (exception.empty() || !term.exception.empty()) {
        return InvalidArgument(Quoted(word) + " is no exception of the SPDX list");
      }
      term.exception = exception;
      ++at_;
    }
    if (expression_.terms_.size() >= kMaxLicenseTerms) {
      return ResourceExhausted("has more than " + std::to_string(kMaxLicenseTerms) + " licenses");
    }
    expression_.steps_.push_back({Kind::kTerm, expression_.terms_.size()});
    expression_.terms_.push_back(std::move(term));
    return Ok();
  }

  /// One identifier, or as many words as an older name has.
  Status License(LicenseTerm& term) {
    const std::string_view word = tokens_[at_];
    if (IsReference(word)) {
      term.id = word;
      ++at_;
      return Ok();
    }
    if (words_ == Words::kOlderToo && TakeOlder(term)) return Ok();
    if (Identify(word, term)) {
      ++at_;
      return Ok();
    }
    return InvalidArgument(Quoted(word) + " is no license of the SPDX list");
  }

  static bool Identify(std::string_view word, LicenseTerm& term) {
    for (const Renamed& renamed : kDeprecated) {
      if (!text::EqualsIgnoreCase(renamed.old, word)) continue;
      term.id = renamed.id;
      term.exception = renamed.exception;
      return true;
    }
    term.id = SpdxLicense(word);
    if (!term.id.empty()) return true;
    if (!word.ends_with('+')) return false;
    // "Apache-2.0+" stays what it is: this version or a later one, which has no name.
    word.remove_suffix(1);
    const std::string_view id = SpdxLicense(word);
    if (id.empty()) return false;
    term.id = std::string(id) + "+";
    return true;
  }

  /// The longest older name that begins here and ends before an operator.
  bool TakeOlder(LicenseTerm& term) {
    std::size_t end = at_;
    while (end < tokens_.size() && !text::EqualsIgnoreCase(tokens_[end], "AND") &&
           !text::EqualsIgnoreCase(tokens_[end], "OR")) {
      ++end;
    }
    const char* const first = tokens_[at_].data();
    for (; end > at_; --end) {
      const std::string_view last = tokens_[end - 1];
      const std::string_view id =
          OlderWord({first, static_cast<std::size_t>(last.data() + last.size() - first)});
      if (id.empty()) continue;
      term.id = id;
      at_ = end;
      return true;
    }
    return false;
  }

  std::vector<std::string_view> tokens_;
  Words words_;
  std::size_t at_ = 0;
  LicenseExpression expression_;
};

bool LicenseExpression::Evaluate(const std::function<bool(const LicenseTerm&)>& holds,
                                 bool turned) const {
  std::vector<bool> stack;
  for (const Step& step : steps_) {
    if (step.kind == Kind::kTerm) {
      stack.push_back(holds(terms_[step.term]));
      continue;
    }
    const bool right = stack.back();
    stack.pop_back();
    const bool all = (step.kind == Kind::kAnd) != turned;
    stack.back() = all ? stack.back() && right : stack.back() || right;
  }
  return !stack.empty() && stack.back();
}

bool LicenseExpression::Holds(const std::function<bool(const LicenseTerm&)>& holds) const {
  return Evaluate(holds, false);
}

bool LicenseExpression::Unavoidable(const std::function<bool(const LicenseTerm&)>& holds) const {
  return Evaluate(holds, true);
}

namespace {

Result<LicenseExpression> Parse(std::string_view text, Words words) {
  if (text.size() > kMaxLicenseBytes) {
    return ResourceExhausted("has " + std::to_string(text.size()) + " bytes, the limit is " +
                             std::to_string(kMaxLicenseBytes));
  }
  return LicenseParser(text, words).Parse();
}

}  // namespace

Result<LicenseExpression> ParseLicenseExpression(std::string_view text) {
  return Parse(text, Words::kSpdx);
}

Result<LicenseExpression> ParsePackageLicense(std::string_view text) {
  return Parse(text, Words::kOlderToo);
}

}  // namespace landwaiter::policy
