// What distributions mean with OSV's fields where the schema leaves it open.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scanner/advisories/codec.h"

namespace landwaiter::advisories {

/// Distribution advisories (DSA, USN, ALSA, RLSA, SUSE-SU, …) cover several vulnerabilities: older
/// ones name them as `aliases`, Ubuntu by its own records, AlmaLinux, Rocky and SUSE as `related`;
/// all become `upstream`. The rebuilds of Red Hat also write severity and module stream into the
/// summary ("Important: nodejs:14 security update"). Bug fix and enhancement advisories that name
/// no vulnerability lose their packages: they are no findings.
void ApplyDistributionRules(const std::vector<std::string>& related, StagedRecord* record);

/// Ecosystems whose records name source packages where the distribution's own feeds name binary
/// ones: Rocky Linux, SUSE and openSUSE.
bool NamesSourcePackages(std::string_view ecosystem);

/// A version of a module says so in its release (".module_el8", ".module+el8").
bool IsModular(const Affected& affected);
/// Names the module stream of the packages that are modular; "" stands for one that is not known.
void SetModule(const std::string& module, std::vector<StagedPackage>* packages);

}  // namespace landwaiter::advisories
