// What dpkg's own settings in an image say of files that are not where, or not what, its packages
// brought: diversions (dpkg-divert(1)) and paths that are left out (dpkg(1), --path-exclude), as
// slimmed images leave out documentation.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace landwaiter::packages {

inline constexpr std::string_view kDpkgDiversions = "var/lib/dpkg/diversions";
inline constexpr std::string_view kDpkgSettings = "etc/dpkg/dpkg.cfg";
inline constexpr std::string_view kDpkgSettingsFolder = "etc/dpkg/dpkg.cfg.d/";
/// One of these.
bool IsDpkgSetting(std::string_view path);

class DpkgDiversions {
 public:
  /// Three lines each: the path, where it is instead, the package that it is not for (":" none).
  /// What breaks off is left out; of many the first kMax count.
  explicit DpkgDiversions(std::string_view content);
  /// Where the file of that package is. Paths without a leading '/'.
  std::string Of(std::string_view path, std::string_view package) const;

 private:
  static constexpr std::size_t kMax = 10'000;
  struct Diversion {
    std::string to;
    std::string by;
  };
  std::map<std::string, Diversion, std::less<>> diversions_;
};

class DpkgExclusions {
 public:
  /// In the order in which dpkg reads them: the files of dpkg.cfg.d by name, then dpkg.cfg.
  /// Patterns with "[" are passed over, and so leave nothing out.
  void Add(std::string_view content);
  /// dpkg would not have put it there: the last pattern that matches counts. Without a leading '/'.
  bool Excludes(std::string_view path) const;

 private:
  static constexpr std::size_t kMax = 512;
  struct Pattern {
    std::string glob;
    bool exclude = true;
  };
  std::vector<Pattern> patterns_;
};

}  // namespace landwaiter::packages
