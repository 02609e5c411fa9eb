// Red Hat's products as ecosystems: OSV's way, "Red Hat:" and the CPE without its first parts
// ("cpe:/o:redhat:enterprise_linux:9::baseos" → "Red Hat:enterprise_linux:9::baseos"), but for
// minor releases of the mainline: those are one ecosystem, their major release's.
//
// Up to RHEL 9 the mainline's CPE has the major release alone; from RHEL 10 on what is fixed names
// the minor ("cpe:/o:redhat:enterprise_linux:10.0") and what is not fixed does not (Red Hat Product
// Security, "Identifying Red Hat components using CPEs", section "RHEL 10 CPEs", and "CSAF/VEX",
// section "CPEs in CSAF-VEX"). An image says its minor release in os-release, but its packages may
// be of any that came before. Extended updates ("enterprise_linux_eus:10.2") are products of their
// own.
#pragma once

#include <string>
#include <string_view>

namespace landwaiter::advisories {

/// "" for a CPE that is not of Red Hat's. CPE 2.2 URIs only, which is what Red Hat publishes.
std::string RedHatEcosystem(std::string_view cpe);
/// Whether a CPE names a minor release of the mainline, which its ecosystem does not.
bool IsOfRedHatMinor(std::string_view cpe);

/// "Red Hat:enterprise_linux:10.0" → "Red Hat:enterprise_linux:10"; any other name as it is.
std::string WithoutRedHatMinor(std::string_view ecosystem);

}  // namespace landwaiter::advisories
