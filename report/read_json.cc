#include "report/read_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>

#include "lib/base/json.h"
#include "model/finding_json.h"

namespace landwaiter::report {
namespace {

constexpr std::size_t kMaxPlatforms = 64;  // as many as an index may hold here
constexpr std::size_t kMaxFindings = 1'000'000;
constexpr std::size_t kMaxCoverage = 10'000;
/// A package has some 20 values, a finding 30.
constexpr JsonLimits kLimits = {kMaxReportBytes, 16, 12'000'000};

Status ReadPackage(JsonFields& fields, Package& package) {
  fields.String("type", package.type);
  fields.String("name", package.name);
  fields.String("version", package.version);
  fields.String("architecture", package.architecture);
  fields.String("purl", package.purl);
  fields.String("path", package.path);
  fields.String("within", package.within);
  if (package.name.empty()) fields.Fail("name", "is missing");
  return fields.Done();
}

Status ReadCoverage(JsonFields& fields, Coverage& line) {
  std::string state;
  fields.String("source", line.source);
  fields.String("state", state);
  fields.String("reason", line.reason, 1u << 16);
  constexpr CoverageState kStates[] = {CoverageState::kRead,        CoverageState::kFailed,
                                       CoverageState::kUnsupported, CoverageState::kSkipped,
                                       CoverageState::kEndOfLife,   CoverageState::kStale};
  const auto* at = std::find_if(std::begin(kStates), std::end(kStates),
                                [&](CoverageState one) { return CoverageStateName(one) == state; });
  if (at == std::end(kStates)) {
    fields.Fail("state", "is no state");
  } else {
    line.state = *at;
  }
  return fields.Done();
}

Status ReadPlatform(JsonFields& fields, ScanReport& report) {
  Inventory& inventory = report.inventory.platforms.emplace_back();
  PlatformFindings& matched = report.platforms.emplace_back();
  std::string platform;
  std::uint64_t hidden = 0;
  fields.String("platform", platform);
  fields.Uint("hiddenFindings", hidden);
  auto parsed = Platform::Parse(platform);
  if (parsed) {
    inventory.platform = std::move(*parsed);
  } else {
    fields.Fail("platform", "is no platform");
  }
  if (hidden > 0) {
    fields.Fail("hiddenFindings",
                "is not 0: the report leaves out findings, write it again without --severity and "
                "--ignore-unfixed");
  }
  fields.Objects("packages", kMaxInventoryPackages, [&](JsonFields& each) {
    return ReadPackage(each, inventory.packages.emplace_back());
  });
  fields.Objects("findings", kMaxFindings, [&](JsonFields& each) {
    return ReadFinding(each, matched.findings.emplace_back());
  });
  fields.Objects("coverage", kMaxCoverage, [&](JsonFields& each) {
    return ReadCoverage(each, inventory.coverage.emplace_back());
  });
  return fields.Done();
}

Status ReadReport(const nlohmann::json& json, ScanReport& report) {
  JsonFields fields(json, "report");
  std::int64_t version = 0;
  std::string digest;
  fields.Int("schemaVersion", version);
  if (version != kReportSchemaVersion) {
    fields.Fail("schemaVersion",
                "is not " + std::to_string(kReportSchemaVersion) +
                    ": this is no report of landwaiter scan --format json, or one of another "
                    "version");
  }
  fields.String("image", report.image);
  fields.String("digest", digest);
  auto parsed = Digest::Parse(digest);
  if (parsed) {
    report.inventory.digest = *parsed;
  } else {
    fields.Fail("digest", "is no digest");
  }
  fields.Object("database", [&](JsonFields& database) {
    database.String("id", report.database.id);
    database.String("builtAt", report.database.built_at);
    return database.Done();
  });
  fields.Objects("platforms", kMaxPlatforms,
                 [&](JsonFields& each) { return ReadPlatform(each, report); });
  return fields.Done();
}

}  // namespace

Result<ScanReport> ReadJsonReport(std::string_view text) {
  auto json = ParseJson(text, kLimits);
  if (!json) return std::move(json).error().Context("report");
  if (!json->is_object()) return InvalidArgument("a report is a JSON object");
  ScanReport report;
  if (Status read = ReadReport(*json, report); !read) return std::move(read).error();
  return report;
}

}  // namespace landwaiter::report
