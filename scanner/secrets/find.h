// Secrets in files, as their bytes come by. Text alone: a file with a NUL among its first bytes is
// none. One pass for the keywords of all rules (prefilter.h); only around one of them does a rule's
// expression look, and no line is looked at twice by the same rule for the same keyword.
//
// Values stay here: what is told of one is its place, its first characters and a keyed hash.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "lib/base/regex.h"
#include "model/collection.h"
#include "scanner/secrets/prefilter.h"
#include "scanner/secrets/rules.h"

namespace landwaiter::secrets {

/// Of one file; those beyond are not told one by one.
inline constexpr std::size_t kMaxPerFile = 100;
/// Of one file, in bytes.
inline constexpr std::uint64_t kMaxTextBytes = 64u << 20;

/// Not thread-safe: one for each thread, for many files in turn.
class Finder {
 public:
  using Hash = std::function<std::string(std::string_view value)>;
  /// `hash`: keyed by something that no image's author knows.
  explicit Finder(Hash hash);

  /// `path` without a leading '/'.
  void Begin(std::string_view path);
  void Feed(std::string_view bytes);
  struct Finds {
    std::vector<SecretFound> secrets;  // by line; without layer
    std::string left_out;              // what was not searched or told, "" for all was
  };
  Finds Finish();

 private:
  enum class Applies : char { kNotAsked, kNo, kYes };

  void Search();
  bool AppliesHere(std::size_t rule);
  void Look(std::size_t rule, std::string_view text, std::size_t end_of_keyword);
  void LookIn(std::size_t rule, std::string_view window);
  void Tell(const SecretRule& rule, std::string_view value);
  const Regex& Expression(std::size_t rule);
  void LookAtWholeFile();

  const Hash hash_;
  const Prefilter prefilter_;
  std::vector<std::optional<Regex>> expressions_;  // compiled when first needed
  std::vector<Applies> applies_;                   // by rule: to this path
  std::vector<std::size_t> looked_until_;          // by rule, in buffer_
  std::string path_;
  std::string buffer_;
  std::uint64_t seen_ = 0;          // bytes
  std::uint64_t lines_before_ = 0;  // of the buffer
  bool text_ = true;
  /// Finds under this path are of little weight; nullopt: not asked yet.
  std::optional<bool> lowered_;
  std::set<std::tuple<std::string_view, std::uint64_t, std::string>> known_;
  Finds finds_;
};

}  // namespace landwaiter::secrets
