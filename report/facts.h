// Facts that the formats for other programs share: ids, times and addresses that follow from the
// report alone, so that the same report is the same bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/scan_report.h"

namespace landwaiter::report {

/// RFC 3339 in UTC: report.dated, else when the database was built, else 1970: never the time of
/// the run, which would make two documents of the same facts differ.
std::string DateOf(const ScanReport& report);

/// A UUID of version 5 as far as anyone can see, for the schemas know no later ones (RFC 9562,
/// section 5.5), but out of the SHA-256 of `seed`.
std::string UuidOf(std::string_view seed);

/// What tells this report from others: image, digest, database, filter, date and verdicts.
std::string SeedOf(const ScanReport& report);

/// The first 32 hex digits of the SHA-256 of the parts, kept apart.
std::string Fingerprint(const std::vector<std::string_view>& parts);

/// One a package, in their order, each once in the platform: it follows from type, name, version
/// and place, so that the same package has the same one in the next image. Letters, digits, "-".
std::vector<std::string> ComponentIds(const Inventory& inventory);

/// Index of the package that a finding is about; nullopt where it is not in the inventory.
std::optional<std::size_t> PackageOf(const Inventory& inventory, const Finding& finding);

/// The digest of the layer that has index `layer` as transferred, "" where that is not known.
std::string LayerDigest(const Inventory& inventory, int layer);

/// "name:tag" as a registry knows the image, else what was asked for.
const std::string& NameOf(const ScanReport& report);

/// The image as a package URL of type oci (purl-spec, types/oci); of a file without repository_url.
std::string ImagePurl(const ScanReport& report);
/// The same of one platform's manifest.
std::string ImagePurl(const ScanReport& report, const Digest& manifest);

/// Percent-encodes all but unreserved characters (RFC 3986) and those in `kept`.
std::string PercentEncode(std::string_view text, std::string_view kept = {});

/// True for http and https URLs of plain characters, at most 2,000 long, with a host.
bool IsWebAddress(std::string_view url);

/// "high" as most formats have it; Negligible has no word of its own there.
std::string_view LowerSeverity(Severity severity, std::string_view negligible);

/// The reasons for which policies excuse a finding, "" where none does.
std::string ExcusedBy(const ScanReport& report, const Finding& finding);

}  // namespace landwaiter::report
