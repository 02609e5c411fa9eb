// The JSON of what several routes answer: docs/openapi.yaml has the schemas.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "controller/report_api/source.h"
#include "lib/http/server.h"
#include "report/scan_report.h"

namespace landwaiter::controller::report_api {

/// "Pending" while there is none.
std::string VerdictOf(const resources::ImageScan& scan);
nlohmann::json CountsToJson(const std::optional<SeverityCounts>& counts);
/// {"status", "reason", "message"}
nlohmann::json ReadyToJson(const resources::ImageScan& scan);
nlohmann::json ImageToJson(const resources::ImageScan& scan);

/// What a new pod of it would be answered: the worst over the names that it is known by, of each
/// policy that is about one of them.
nlohmann::json AdmissionToJson(const ReportSource& source, const resources::ImageScan& scan);

/// Errors: InvalidArgument, reason InvalidDigest.
Result<Digest> ReadDigest(const std::string& text);
/// Errors: NotFound where no ImageScan is about it.
Result<std::shared_ptr<const ScanRecord>> FindImage(const ReportSource& source,
                                                    const Digest& digest);
/// Errors: NotFound, reason NotScanned, where there is no inventory yet; Unavailable, reason
/// ScannedAgain, where the store has lost it; the source's.
Result<StoredImage> FindStored(const ReportSource& source, const Digest& digest,
                               const resources::ImageScan& scan);

/// The report that `landwaiter scan --format json` would write of it, judged by the policies that
/// are about one of the image's names.
report::ScanReport ReportOf(const ReportSource& source, const ScanRecord& record,
                            StoredImage stored);

}  // namespace landwaiter::controller::report_api
