// What each of Anchore's triggers becomes; the rows are in gates.cc. Inside this folder only.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "policy/anchore/gates.h"

namespace landwaiter::policy::anchore {

void Always(const Params& params, Translation& out);
void EffectiveUser(const Params& params, Translation& out);
void ExposedPorts(const Params& params, Translation& out);
void Instruction(const Params& params, Translation& out);
void NoDockerfile(const Params& params, Translation& out);
void Metadata(const Params& params, Translation& out);
void ContentNames(const Params& params, Translation& out);
void FileName(const Params& params, Translation& out);
void FileAttributes(const Params& params, Translation& out);
void SetIds(const Params& params, Translation& out);
void NoPasswd(const Params& params, Translation& out);
void DeniedUsers(const Params& params, Translation& out);
void DeniedUids(const Params& params, Translation& out);
void DeniedGids(const Params& params, Translation& out);
void DeniedShells(const Params& params, Translation& out);
void FullEntry(const Params& params, Translation& out);
void Verify(const Params& params, Translation& out);
void Malware(const Params& params, Translation& out);
void MalwareLooked(const Params& params, Translation& out);
void Retrieved(const Params& params, Translation& out);
void Secrets(const Params& params, Translation& out);
void RequiredPackage(const Params& params, Translation& out);
void DeniedPackage(const Params& params, Translation& out);
void PackageFeed(const Params& params, Translation& out);
void LicensesExact(const Params& params, Translation& out);
void LicensesPartial(const Params& params, Translation& out);
void Vulnerability(const Params& params, Translation& out);
void StaleFeed(const Params& params, Translation& out);
void NoData(const Params& params, Translation& out);
void DeniedIds(const Params& params, Translation& out);
void DeniedGem(const Params& params, Translation& out);
void DeniedNpm(const Params& params, Translation& out);

// For translators.
void Lose(Translation& out, std::string what);
void Note(Translation& out, std::string what);
/// Whole numbers as such, all else as text.
nlohmann::json Numbers(const std::vector<std::string>& list);

}  // namespace landwaiter::policy::anchore
