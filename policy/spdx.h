// SPDX license expressions (SPDX Specification 2.3, annex D; 3.0, annex B): identifiers in any
// case, AND, OR, WITH, parentheses, "+", LicenseRef-… and DocumentRef-…:LicenseRef-…. Deprecated
// identifiers become today's: "GPL-2.0+" is GPL-2.0-or-later.
//
// Beside them the words that packages had before there were expressions (Fedora's, npm's, PyPI's),
// where they mean one license and no other: "ASL 2.0", "GPLv2+", "MIT License". "BSD" does not.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace landwaiter::policy {

struct LicenseTerm {
  std::string id;         // as the SPDX list writes it, or LicenseRef-…
  std::string exception;  // of WITH, "" without
  std::string ToString() const { return exception.empty() ? id : id + " WITH " + exception; }
  friend bool operator==(const LicenseTerm&, const LicenseTerm&) = default;
};

class LicenseExpression {
 public:
  /// Whether `holds` does for the whole: AND needs both sides, OR one of them.
  bool Holds(const std::function<bool(const LicenseTerm&)>& holds) const;
  /// With AND and OR changed over: whether there is no choice that avoids what `holds` names.
  bool Unavoidable(const std::function<bool(const LicenseTerm&)>& holds) const;
  /// Of the terms, in the order in which they are written.
  const std::vector<LicenseTerm>& terms() const { return terms_; }

 private:
  friend class LicenseParser;
  enum class Kind { kTerm, kAnd, kOr };
  /// In postfix order: a term pushes its value, AND and OR take two.
  struct Step {
    Kind kind;
    std::size_t term = 0;
  };
  bool Evaluate(const std::function<bool(const LicenseTerm&)>& holds, bool turned) const;
  std::vector<Step> steps_;
  std::vector<LicenseTerm> terms_;
};

inline constexpr std::size_t kMaxLicenseBytes = 4096;
inline constexpr std::size_t kMaxLicenseTerms = 256;

/// Errors: InvalidArgument naming the word that is no license or stands where none may;
/// ResourceExhausted for more than the limits.
Result<LicenseExpression> ParseLicenseExpression(std::string_view text);
/// As ParseLicenseExpression, of what a package's record says: older words, too.
Result<LicenseExpression> ParsePackageLicense(std::string_view text);

}  // namespace landwaiter::policy
