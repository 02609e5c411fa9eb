// Red Hat's products as ecosystems: OSV's way, "Red Hat:" and the CPE without its first parts
// ("cpe:/o:redhat:enterprise_linux:9::baseos" → "Red Hat:enterprise_linux:9::baseos").
#pragma once

#include <string>
#include <string_view>

namespace landwaiter::advisories {

/// "" for a CPE that is not of Red Hat's. CPE 2.2 URIs only, which is what Red Hat publishes.
std::string RedHatEcosystem(std::string_view cpe);

}  // namespace landwaiter::advisories
