#include "scanner/advisories/red_hat.h"

#include <algorithm>

#include "scanner/advisories/ids.h"
#include "scanner/advisories/limits.h"

namespace landwaiter::advisories {
namespace {

constexpr std::string_view kMainline = "Red Hat:enterprise_linux:";

/// "Red Hat:" and what a CPE has behind the vendor; "" where that is another.
std::string AsWritten(std::string_view cpe) {
  for (const std::string_view prefix : {"cpe:/o:redhat:", "cpe:/a:redhat:"}) {
    if (!cpe.starts_with(prefix)) continue;
    std::string ecosystem = "Red Hat:" + std::string(cpe.substr(prefix.size()));
    while (ecosystem.ends_with(':')) ecosystem.pop_back();
    return IsId(ecosystem) && ecosystem.size() <= kMaxEcosystemBytes ? ecosystem : std::string();
  }
  return {};
}

std::size_t CountDigits(std::string_view text) {
  const auto* const end =
      std::find_if_not(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  return static_cast<std::size_t>(end - text.begin());
}

}  // namespace

std::string RedHatEcosystem(std::string_view cpe) { return WithoutRedHatMinor(AsWritten(cpe)); }

bool IsOfRedHatMinor(std::string_view cpe) {
  const std::string written = AsWritten(cpe);
  return WithoutRedHatMinor(written) != written;
}

std::string WithoutRedHatMinor(std::string_view ecosystem) {
  if (!ecosystem.starts_with(kMainline)) return std::string(ecosystem);
  const std::string_view release = ecosystem.substr(kMainline.size());
  const std::size_t major = CountDigits(release);
  if (major == 0 || major == release.size() || release[major] != '.') return std::string(ecosystem);
  const std::size_t minor = CountDigits(release.substr(major + 1));
  const std::string_view rest = release.substr(major + 1 + minor);
  if (minor == 0 || (!rest.empty() && rest.front() != ':')) return std::string(ecosystem);
  return std::string(kMainline) + std::string(release.substr(0, major)) + std::string(rest);
}

}  // namespace landwaiter::advisories
