#include "scanner/advisories/manifest.h"

#include <nlohmann/json.hpp>

#include "lib/base/file.h"

namespace landwaiter::advisories {
namespace {

using Json = nlohmann::ordered_json;

Json FeedToJson(const FeedInfo& feed) {
  return {{"kind", feed.kind},
          {"name", feed.name},
          {"digest", feed.digest.ToString()},
          {"newest", feed.newest},
          {"records", feed.records},
          {"withdrawn", feed.withdrawn},
          {"unsupported", feed.unsupported},
          {"broken", feed.broken}};
}

FeedInfo FeedFromJson(const Json& json) {
  FeedInfo feed;
  json.at("kind").get_to(feed.kind);
  json.at("name").get_to(feed.name);
  json.at("newest").get_to(feed.newest);
  json.at("records").get_to(feed.records);
  json.at("withdrawn").get_to(feed.withdrawn);
  json.at("unsupported").get_to(feed.unsupported);
  json.at("broken").get_to(feed.broken);
  if (auto digest = Digest::Parse(json.at("digest").get<std::string>())) feed.digest = *digest;
  return feed;
}

/// Throws nlohmann's exceptions, caught by the one caller.
Result<DatabaseInfo> FromJson(const Json& json) {
  DatabaseInfo info;
  json.at("formatVersion").get_to(info.format_version);
  if (info.format_version != kFormatVersion) {
    return Unsupported("is of format version " + std::to_string(info.format_version) +
                       ", expected " + std::to_string(kFormatVersion) +
                       "; build the database again with this version's `landwaiter db build`");
  }
  json.at("id").get_to(info.id);
  json.at("file").get_to(info.file);
  json.at("newest").get_to(info.newest);
  json.at("sizeBytes").get_to(info.size_bytes);
  json.at("advisories").get_to(info.advisories);
  json.at("knownExploited").get_to(info.known_exploited);
  auto built_at = ParseTime(json.at("builtAt").get<std::string>());
  if (!built_at) return DataLoss("field builtAt: " + built_at.error().message);
  info.built_at = *built_at;
  auto digest = Digest::Parse(json.at("digest").get<std::string>());
  if (!digest) return DataLoss("field digest: " + digest.error().message);
  info.digest = *std::move(digest);
  // The name becomes a path: it may not lead out of the folder.
  if (info.file.empty() || info.file.find('/') != std::string::npos || info.file[0] == '.') {
    return DataLoss("field file: is no file name");
  }
  for (const Json& feed : json.at("feeds")) info.feeds.push_back(FeedFromJson(feed));
  for (const Json& entry : json.at("ecosystems")) {
    EcosystemInfo& ecosystem = info.ecosystems.emplace_back();
    entry.at("name").get_to(ecosystem.name);
    entry.at("packages").get_to(ecosystem.packages);
    entry.at("affected").get_to(ecosystem.affected);
    if (entry.contains("unfixedBy")) entry.at("unfixedBy").get_to(ecosystem.unfixed_by);
  }
  return info;
}

}  // namespace

std::string ToJson(const DatabaseInfo& info) {
  Json feeds = Json::array();
  for (const FeedInfo& feed : info.feeds) feeds.push_back(FeedToJson(feed));
  Json ecosystems = Json::array();
  for (const EcosystemInfo& entry : info.ecosystems) {
    ecosystems.push_back({{"name", entry.name},
                          {"packages", entry.packages},
                          {"affected", entry.affected},
                          {"unfixedBy", entry.unfixed_by}});
  }
  const Json json = {{"formatVersion", info.format_version},
                     {"id", info.id},
                     {"builtAt", FormatTime(info.built_at)},
                     {"newest", info.newest},
                     {"file", info.file},
                     {"sizeBytes", info.size_bytes},
                     {"digest", info.digest.ToString()},
                     {"advisories", info.advisories},
                     {"knownExploited", info.known_exploited},
                     {"feeds", feeds},
                     {"ecosystems", ecosystems}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<DatabaseInfo> DatabaseInfoFromJson(std::string_view json) {
  try {
    return FromJson(Json::parse(json));
  } catch (const nlohmann::json::exception& error) {
    return DataLoss(std::string("is no manifest of an advisory database: ") + error.what());
  }
}

Result<DatabaseInfo> ReadDatabaseInfo(const std::string& dir) {
  auto manifest = ReadManifest(dir);
  if (!manifest) return std::move(manifest).error();
  return std::move(manifest->info);
}

Result<ManifestFile> ReadManifest(const std::string& dir) {
  const std::string path = dir + "/" + std::string(kManifestName);
  auto bytes = ReadFile(path, kMaxManifestBytes);
  if (!bytes && bytes.error().code == Code::kNotFound) {
    return NotFound("no advisory database in " + dir +
                    "; make one with `landwaiter db build --feed osv=PATH --output " + dir + "`");
  }
  if (!bytes) return std::move(bytes).error();
  auto info = DatabaseInfoFromJson(*bytes);
  if (!info) return std::move(info).error().Context(path);
  return ManifestFile{*std::move(bytes), *std::move(info)};
}

}  // namespace landwaiter::advisories
