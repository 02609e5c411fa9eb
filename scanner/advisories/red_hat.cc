#include "scanner/advisories/red_hat.h"

#include "scanner/advisories/ids.h"
#include "scanner/advisories/limits.h"

namespace landwaiter::advisories {

std::string RedHatEcosystem(std::string_view cpe) {
  for (const std::string_view prefix : {"cpe:/o:redhat:", "cpe:/a:redhat:"}) {
    if (!cpe.starts_with(prefix)) continue;
    std::string ecosystem = "Red Hat:" + std::string(cpe.substr(prefix.size()));
    while (ecosystem.ends_with(':')) ecosystem.pop_back();
    return IsId(ecosystem) && ecosystem.size() <= kMaxEcosystemBytes ? ecosystem : std::string();
  }
  return {};
}

}  // namespace landwaiter::advisories
