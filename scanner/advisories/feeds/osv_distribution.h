// What distributions mean with OSV's fields where the schema leaves it open.
#pragma once

#include <string>
#include <vector>

#include "scanner/advisories/codec.h"

namespace landwaiter::advisories {

/// Distribution advisories (DSA, DLA, ALSA, …) cover several vulnerabilities: older ones name them
/// as `aliases`, AlmaLinux as `related`; all become `upstream`. AlmaLinux also writes its severity
/// and the module stream into the summary ("Important: nodejs:14 security update"). Bug fix and
/// enhancement advisories that name no vulnerability lose their packages: they are no findings.
void ApplyDistributionRules(const std::vector<std::string>& related, StagedRecord* record);

}  // namespace landwaiter::advisories
