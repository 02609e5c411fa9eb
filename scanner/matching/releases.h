// How the releases of distributions are named in feeds, and what else there is to look up. For the
// table in distributions.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/matching/distributions.h"

namespace landwaiter::matching {

/// The first `parts` numbers of a dotted version: "12.4" → "12"; nullopt where it has fewer or they
/// are not numbers ("3.17_alpha20220715", "").
std::optional<std::string> LeadingNumbers(std::string_view version, std::size_t parts);

// Suffixes.
std::optional<std::string> None(const OperatingSystem& os);    // rolling: ""
std::optional<std::string> Major(const OperatingSystem& os);   // ":9"
std::optional<std::string> Minor(const OperatingSystem& os);   // ":4.0"
std::optional<std::string> Debian(const OperatingSystem& os);  // ":12"; by code name where needed
std::optional<std::string> Alpine(const OperatingSystem& os);  // ":v3.18", ":edge"
std::optional<std::string> Ubuntu(const OperatingSystem& os);  // ":22.04:LTS", ":23.10"
std::optional<std::string> Amazon(const OperatingSystem& os);  // ":1", ":2", ":2023"
std::optional<std::string> RedHat(const OperatingSystem& os);  // ":enterprise_linux:9"
/// ":Linux Enterprise Server 15 SP4"; from 16 on ":Linux Enterprise Server 16.0"
std::optional<std::string> Sles(const OperatingSystem& os);
std::optional<std::string> SlMicro(const OperatingSystem& os);   // ":Linux Micro 6.0"
std::optional<std::string> SleMicro(const OperatingSystem& os);  // ":Linux Enterprise Micro 5.3"
std::optional<std::string> Leap(const OperatingSystem& os);      // ":Leap 15.5"
std::optional<std::string> Tumbleweed(const OperatingSystem& os);
std::optional<std::string> BellSoft(const OperatingSystem& os);   // ":23", ":stream"
std::optional<std::string> OpenEuler(const OperatingSystem& os);  // ":22.03-LTS-SP1"

/// Suffix of the place of amazon-linux-extras, whose advisories are not the core's.
inline constexpr std::string_view kAmazonExtras = ":extras";

// More places.
/// A record for the distribution without a release speaks of every release.
void Unsuffixed(const std::string& ecosystem, const advisories::AdvisoryDatabase& database,
                std::vector<Place>* places);
void UbuntuStreams(const std::string& ecosystem, const advisories::AdvisoryDatabase& database,
                   std::vector<Place>* places);
void OracleFlavours(const std::string& ecosystem, const advisories::AdvisoryDatabase& database,
                    std::vector<Place>* places);
void AmazonExtras(const std::string& ecosystem, const advisories::AdvisoryDatabase& database,
                  std::vector<Place>* places);
void RedHatRepositories(const std::string& ecosystem, const advisories::AdvisoryDatabase& database,
                        std::vector<Place>* places);
void SuseModules(const std::string& ecosystem, const advisories::AdvisoryDatabase& database,
                 std::vector<Place>* places);
void WolfiToo(const std::string& ecosystem, const advisories::AdvisoryDatabase& database,
              std::vector<Place>* places);

// Flavours.
std::string_view UbuntuFlavour(std::string_view version);
std::string_view OracleFlavour(std::string_view version);

/// What a repository of an image may be called in the database.
std::vector<std::string_view> RepositoryNames(std::string_view repository);

/// The products, named as ecosystems, of the repositories that a Red Hat image says it was built
/// from; empty where the database does not know them. Errors: DataLoss.
Result<std::vector<std::string>> ProductsOf(const std::vector<std::string>& repositories,
                                            const advisories::AdvisoryDatabase& database);

}  // namespace landwaiter::matching
