#include "report/read_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>

#include "lib/base/json.h"
#include "model/finding_json.h"
#include "model/secret_rules.h"

namespace landwaiter::report {
namespace {

using nlohmann::json;
using policy::Fact;

constexpr std::size_t kMaxPlatforms = 64;  // as many as an index may hold here
constexpr std::size_t kMaxFindings = 1'000'000;
constexpr std::size_t kMaxCoverage = 10'000;
constexpr std::size_t kMaxLayers = 10'000;
/// "advisories", and "advisories-npm" for a language's packages: one or the other where there are
/// any.
constexpr std::string_view kMatchingSource = "advisories";
/// A package has some 20 values, a finding 30.
constexpr JsonLimits kLimits = {kMaxReportBytes, 16, 12'000'000};

Digest ReadDigest(JsonFields& fields, const char* name) {
  std::string text;
  fields.String(name, text);
  auto parsed = Digest::Parse(text);
  if (parsed) return *parsed;
  if (!text.empty()) fields.Fail(name, "is no digest");
  return {};
}

int ReadLayer(JsonFields& fields) {
  std::int64_t layer = -1;
  fields.Int("layer", layer);
  return static_cast<int>(std::clamp<std::int64_t>(layer, -1, 1 << 20));
}

Status ReadPackage(JsonFields& fields, Package& package) {
  fields.String("type", package.type);
  fields.String("name", package.name);
  fields.String("version", package.version);
  fields.String("architecture", package.architecture);
  fields.String("purl", package.purl);
  fields.String("path", package.path);
  fields.String("within", package.within);
  fields.String("sourceName", package.source_name);
  fields.String("sourceVersion", package.source_version);
  fields.String("foundBy", package.found_by);
  fields.String("owner", package.owner);
  fields.String("module", package.module);
  fields.String("vendor", package.vendor);
  fields.String("cpe", package.cpe);
  fields.Strings("licenses", package.licenses);
  fields.Bool("dev", package.dev);
  package.layer = ReadLayer(fields);
  if (package.name.empty()) fields.Fail("name", "is missing");
  return fields.Done();
}

Status ReadCoverage(JsonFields& fields, Coverage& line) {
  std::string state;
  fields.String("source", line.source);
  fields.String("state", state);
  fields.String("reason", line.reason, 1u << 16);
  fields.Uint("packages", line.packages);
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

Status ReadConfig(JsonFields& fields, ImageConfig& config) {
  fields.String("user", config.user);
  if (fields.Has("uid")) fields.Uint("uid", config.uid.emplace());
  fields.Strings("exposedPorts", config.exposed_ports);
  fields.Strings("volumes", config.volumes);
  fields.StringMap("labels", config.labels);
  fields.Bool("healthcheck", config.healthcheck);
  fields.String("created", config.created);
  return fields.Done();
}

Status ReadSystem(JsonFields& fields, OperatingSystem& os) {
  fields.String("family", os.family);
  fields.String("version", os.version);
  fields.String("codename", os.codename);
  fields.String("prettyName", os.pretty_name);
  fields.String("variant", os.variant);
  return fields.Done();
}

Status ReadImageLayer(JsonFields& fields, ImageLayer& layer) {
  layer.digest = ReadDigest(fields, "digest");
  layer.diff_id = ReadDigest(fields, "diffID");
  fields.String("mediaType", layer.media_type);
  fields.Uint("sizeBytes", layer.size_bytes);
  fields.String("createdBy", layer.created_by, 1u << 20);
  fields.Strings("contentSets", layer.content_sets, kMaxContentSets);
  return fields.Done();
}

Status ReadSecret(JsonFields& fields, SecretFound& secret) {
  std::string confidence;
  fields.String("rule", secret.rule);
  fields.String("path", secret.path);
  fields.Uint("line", secret.line);
  secret.layer = ReadLayer(fields);
  fields.Bool("final", secret.final);
  fields.String("confidence", confidence);
  fields.String("redacted", secret.redacted);
  fields.String("hash", secret.hash);
  if (confidence == "Low" || confidence == "Medium" || confidence == "High") {
    secret.confidence = confidence == "Low"      ? SecretConfidence::kLow
                        : confidence == "Medium" ? SecretConfidence::kMedium
                                                 : SecretConfidence::kHigh;
  } else {
    fields.Fail("confidence", "is none of Low, Medium and High");
  }
  return fields.Done();
}

/// What is of the matching, not of the inventory: the report has both in one list.
bool IsOfMatching(const Coverage& line) {
  return line.source == "database" || line.source.starts_with(kMatchingSource);
}

Status ReadBase(JsonFields& fields, std::optional<BaseImage>& base) {
  std::uint64_t layers = 0;
  BaseImage& read = base.emplace();
  fields.String("name", read.name);
  read.digest = ReadDigest(fields, "digest");
  fields.Uint("layers", layers);
  read.layers = static_cast<std::size_t>(std::min<std::uint64_t>(layers, kMaxLayers));
  return fields.Done();
}

/// What rules look at beside packages, findings and coverage.
void ReadContent(JsonFields& fields, ScanReport& report) {
  Inventory& inventory = report.inventory.platforms.back();
  fields.Object("base", [&](JsonFields& each) { return ReadBase(each, report.bases.back()); });
  fields.Object("config", [&](JsonFields& each) { return ReadConfig(each, inventory.config); });
  fields.Object("os", [&](JsonFields& each) { return ReadSystem(each, inventory.os.emplace()); });
  fields.String("osEndOfLife", report.platforms.back().os_end_of_life);
  fields.Uint("sizeBytes", inventory.size_bytes);
  inventory.manifest_digest = ReadDigest(fields, "manifestDigest");
  inventory.image_id = ReadDigest(fields, "imageID");
  fields.Objects("layers", kMaxLayers, [&](JsonFields& each) {
    return ReadImageLayer(each, inventory.layers.emplace_back());
  });
  fields.Objects("secrets", kMaxSecrets, [&](JsonFields& each) {
    return ReadSecret(each, inventory.secrets.emplace_back());
  });
}

Status ReadPlatform(JsonFields& fields, ScanReport& report) {
  Inventory& inventory = report.inventory.platforms.emplace_back();
  PlatformFindings& matched = report.platforms.emplace_back();
  report.bases.emplace_back();
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
  // What is not there is not empty: a bill of materials has the same shape, and no findings.
  for (const char* needed : {"findings", "coverage"}) {
    if (!fields.Has(needed)) fields.Fail(needed, "is missing: this is no whole report of a scan");
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
    Coverage line;
    Status read = ReadCoverage(each, line);
    (IsOfMatching(line) ? matched.coverage : inventory.coverage).push_back(std::move(line));
    return read;
  });
  ReadContent(fields, report);
  return fields.Done();
}

Status ReadReport(const json& value, ScanReport& report) {
  JsonFields fields(value, "report");
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
  fields.String("reference", report.reference);
  fields.String("digest", digest);
  auto parsed = Digest::Parse(digest);
  if (parsed) {
    report.inventory.digest = *parsed;
  } else {
    fields.Fail("digest", "is no digest");
  }
  fields.Uint("secretRules", report.inventory.collected.secrets);
  fields.Object("database", [&](JsonFields& database) {
    database.String("id", report.database.id);
    database.String("builtAt", report.database.built_at);
    return database.Done();
  });
  fields.Objects("platforms", kMaxPlatforms,
                 [&](JsonFields& each) { return ReadPlatform(each, report); });
  return fields.Done();
}

Result<json> Parse(std::string_view text) {
  auto value = ParseJson(text, kLimits);
  if (!value) return std::move(value).error().Context("report");
  if (!value->is_object()) return InvalidArgument("a report is a JSON object");
  return value;
}

/// Of an object that has been read: it holds every one of `names`, be they null.
Status Holds(const json& object, const std::string& path, std::span<const char* const> names) {
  for (const char* name : names) {
    if (object.contains(name)) continue;
    return InvalidArgument("report." + path + name +
                           " is missing, and every report has it: what a policy asks about would "
                           "be taken for nothing");
  }
  return Ok();
}

/// What has been in reports from the first on, and rules look at.
Status IsWhole(const json& value) {
  constexpr const char* kReport[] = {"database", "image", "platforms"};
  constexpr const char* kPlatform[] = {"base",   "config", "coverage", "findings",
                                       "layers", "os",     "packages", "sizeBytes"};
  constexpr const char* kConfig[] = {"created", "exposedPorts", "healthcheck",
                                     "labels",  "uid",          "user"};
  constexpr const char* kPackage[] = {"layer", "licenses", "path", "type", "version"};
  constexpr const char* kFinding[] = {
      "aliases", "cvssScore", "fixedVersion", "hostKernel", "installedVersion", "knownExploited",
      "layer",   "package",   "packageType",  "published",  "severity"};
  if (Status whole = Holds(value, "", kReport); !whole) return whole;
  if (!value["platforms"].is_array()) return InvalidArgument("report.platforms is no list");
  for (std::size_t i = 0; i < value["platforms"].size(); ++i) {
    const json& platform = value["platforms"][i];
    const std::string path = "platforms[" + std::to_string(i) + "].";
    if (Status whole = Holds(platform, path, kPlatform); !whole) return whole;
    for (const char* name : {"config", "coverage", "findings", "layers", "packages"}) {
      if (platform[name].is_null()) return InvalidArgument("report." + path + name + " is null");
    }
    if (Status whole = Holds(platform["config"], path + "config.", kConfig); !whole) return whole;
    for (const json& package : platform["packages"]) {
      if (Status whole = Holds(package, path + "packages[].", kPackage); !whole) return whole;
    }
    for (const json& finding : platform["findings"]) {
      if (Status whole = Holds(finding, path + "findings[].", kFinding); !whole) return whole;
    }
  }
  return Ok();
}

/// What one part of a report says against another.
Status Agrees(const ScanReport& report) {
  for (std::size_t i = 0; i < report.platforms.size(); ++i) {
    const Inventory& inventory = report.inventory.platforms[i];
    const std::string path = "report.platforms[" + std::to_string(i) + "].";
    const auto& coverage = report.platforms[i].coverage;
    const bool matched = std::any_of(coverage.begin(), coverage.end(), [](const Coverage& line) {
      return line.source.starts_with(kMatchingSource);
    });
    if (!inventory.packages.empty() && !report.database.id.empty() && !matched) {
      return InvalidArgument(path +
                             "coverage does not say that the packages were matched with "
                             "advisories: their findings would be taken for none");
    }
    if (report.bases[i] && report.bases[i]->layers > inventory.layers.size()) {
      return InvalidArgument(path + "base.layers are more than the image has");
    }
  }
  return Ok();
}

/// What reports never hold (variables of the environment may be credentials, and stand in the
/// history too), and what they hold only since a version of this program, or only where it was
/// asked for.
std::set<Fact> Lacking(const json& value, const ScanReport& report) {
  std::set<Fact> lacking = {Fact::kEnvironment, Fact::kHistory,   Fact::kFiles,
                            Fact::kPasswd,      Fact::kMalware,   Fact::kIntegrity,
                            Fact::kDueDates,    Fact::kFirstSeen, Fact::kBases};
  if (report.inventory.collected.secrets < kSecretRulesVersion) lacking.insert(Fact::kSecrets);
  for (const json& platform : value["platforms"]) {
    if (platform.value("secrets", json()).is_null()) lacking.insert(Fact::kSecrets);
    if (!platform.contains("osEndOfLife")) lacking.insert(Fact::kEndOfLife);
    if (!platform["config"].contains("volumes")) lacking.insert(Fact::kVolumes);
    for (const json& finding : platform["findings"]) {
      if (!finding.contains("fixPublished")) lacking.insert(Fact::kFixDates);
      const bool words = finding.contains("nvdSeverity") && finding.contains("nvdScore") &&
                         finding.contains("highestSeverity") && finding.contains("highestScore");
      if (!words) lacking.insert(Fact::kOtherSeverities);
    }
  }
  return lacking;
}

}  // namespace

Result<ScanReport> ReadJsonReport(std::string_view text) {
  auto value = Parse(text);
  if (!value) return std::move(value).error();
  ScanReport report;
  if (Status read = ReadReport(*value, report); !read) return std::move(read).error();
  return report;
}

Result<StoredReport> ReadStoredReport(std::string_view text) {
  auto value = Parse(text);
  if (!value) return std::move(value).error();
  StoredReport stored;
  if (Status read = ReadReport(*value, stored.scan); !read) return std::move(read).error();
  if (Status whole = IsWhole(*value); !whole) return std::move(whole).error();
  if (Status agrees = Agrees(stored.scan); !agrees) return std::move(agrees).error();
  stored.lacking = Lacking(*value, stored.scan);
  for (PlatformFindings& platform : stored.scan.platforms) {
    std::erase_if(platform.coverage,
                  [](const Coverage& line) { return line.source == "database"; });
  }
  return stored;
}

}  // namespace landwaiter::report
