#include "model/inventory.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/json.h"
#include "model/collected_json.h"
#include "model/inventory_bounds.h"
#include "model/names.h"

namespace landwaiter {
namespace {

constexpr NameTable<CoverageState, 6> kStates{{{CoverageState::kRead, "Read"},
                                               {CoverageState::kFailed, "Failed"},
                                               {CoverageState::kUnsupported, "Unsupported"},
                                               {CoverageState::kSkipped, "Skipped"},
                                               {CoverageState::kEndOfLife, "EndOfLife"},
                                               {CoverageState::kStale, "Stale"}}};

void Set(nlohmann::json& json, const char* name, const std::string& value) {
  if (!value.empty()) json[name] = value;
}

nlohmann::json ToJson(const Package& p) {
  nlohmann::json json{
      {"type", p.type}, {"name", p.name}, {"version", p.version}, {"layer", p.layer}};
  Set(json, "architecture", p.architecture);
  Set(json, "sourceName", p.source_name);
  Set(json, "sourceVersion", p.source_version);
  Set(json, "purl", p.purl);
  Set(json, "path", p.path);
  Set(json, "within", p.within);
  Set(json, "foundBy", p.found_by);
  Set(json, "owner", p.owner);
  Set(json, "module", p.module);
  Set(json, "cpe", p.cpe);
  Set(json, "vendor", p.vendor);
  if (!p.licenses.empty()) json["licenses"] = p.licenses;
  if (p.dev) json["dev"] = true;
  if (p.source_assumed) json["sourceAssumed"] = true;
  return json;
}

nlohmann::json ToJson(const ImageConfig& c) {
  nlohmann::json json{{"user", c.user}, {"healthcheck", c.healthcheck}};
  if (c.uid) json["uid"] = *c.uid;
  if (!c.exposed_ports.empty()) json["exposedPorts"] = c.exposed_ports;
  if (!c.env.empty()) json["env"] = c.env;
  if (!c.entrypoint.empty()) json["entrypoint"] = c.entrypoint;
  if (!c.cmd.empty()) json["cmd"] = c.cmd;
  if (!c.volumes.empty()) json["volumes"] = c.volumes;
  if (!c.labels.empty()) json["labels"] = c.labels;
  Set(json, "workingDir", c.working_dir);
  Set(json, "created", c.created);
  for (const HistoryEntry& entry : c.history) {
    json["history"].push_back({{"createdBy", entry.created_by},
                               {"comment", entry.comment},
                               {"emptyLayer", entry.empty_layer}});
  }
  return json;
}

nlohmann::json ToJson(const Inventory& i) {
  nlohmann::json json{
      {"platform", i.platform.ToString()},   {"manifestDigest", i.manifest_digest.ToString()},
      {"imageID", i.image_id.ToString()},    {"sizeBytes", i.size_bytes},
      {"config", ToJson(i.config)},          {"layers", nlohmann::json::array()},
      {"packages", nlohmann::json::array()}, {"coverage", nlohmann::json::array()}};
  if (i.os) {
    json["os"] = {{"family", i.os->family},
                  {"version", i.os->version},
                  {"codename", i.os->codename},
                  {"prettyName", i.os->pretty_name}};
    Set(json["os"], "variant", i.os->variant);
  }
  for (const ImageLayer& layer : i.layers) {
    json["layers"].push_back({{"digest", layer.digest.ToString()},
                              {"diffID", layer.diff_id.ToString()},
                              {"mediaType", layer.media_type},
                              {"sizeBytes", layer.size_bytes},
                              {"createdBy", layer.created_by}});
    if (!layer.content_sets.empty()) json["layers"].back()["contentSets"] = layer.content_sets;
  }
  if (i.declared_base) {
    json["declaredBase"] = {{"name", i.declared_base->name}, {"digest", i.declared_base->digest}};
  }
  for (const Package& package : i.packages) json["packages"].push_back(ToJson(package));
  if (!i.repositories.empty()) json["repositories"] = i.repositories;
  for (const Package& package : i.hints) json["hints"].push_back(ToJson(package));
  for (const Coverage& c : i.coverage) {
    json["coverage"].push_back({{"source", c.source},
                                {"state", CoverageStateName(c.state)},
                                {"reason", c.reason},
                                {"packages", c.packages}});
  }
  AddCollected(i, json);
  return json;
}

void ReadDigest(JsonFields& fields, const char* name, Digest& out) {
  std::string text;
  fields.String(name, text, bounds::kDigest);
  auto digest = Digest::Parse(text);
  if (!digest) return fields.Fail(name, digest.error().message);
  out = *digest;
}

Status ReadPackage(JsonFields& fields, Package& p, std::size_t layers) {
  std::int64_t layer = -1;
  fields.String("type", p.type, bounds::kWord);
  fields.String("name", p.name, bounds::kName);
  fields.String("version", p.version, bounds::kName);
  fields.String("architecture", p.architecture, bounds::kWord);
  fields.String("sourceName", p.source_name, bounds::kName);
  fields.String("sourceVersion", p.source_version, bounds::kName);
  fields.String("purl", p.purl, bounds::kText);
  fields.String("path", p.path, bounds::kText);
  fields.String("within", p.within, bounds::kText);
  fields.String("foundBy", p.found_by, bounds::kWord);
  fields.String("owner", p.owner, bounds::kName);
  fields.String("module", p.module, bounds::kName);
  fields.String("cpe", p.cpe, bounds::kName);
  fields.String("vendor", p.vendor, bounds::kName);
  fields.Strings("licenses", p.licenses, bounds::kLicenses, bounds::kText);
  fields.Int("layer", layer);
  fields.Bool("dev", p.dev);
  fields.Bool("sourceAssumed", p.source_assumed);
  if (p.type.empty()) fields.Fail("type", "is missing");
  if (p.name.empty()) fields.Fail("name", "is missing");
  if (layer < -1 || layer >= static_cast<std::int64_t>(layers)) {
    fields.Fail("layer", "names no layer of the image");
  }
  p.layer = static_cast<int>(layer);
  return fields.Done();
}

Status ReadConfig(JsonFields& fields, ImageConfig& c) {
  fields.String("user", c.user, bounds::kText);
  if (fields.Has("uid")) fields.Uint("uid", c.uid.emplace());
  fields.Strings("exposedPorts", c.exposed_ports, bounds::kConfigItems, bounds::kText);
  fields.Strings("env", c.env, bounds::kConfigItems, bounds::kLong);
  fields.Strings("entrypoint", c.entrypoint, bounds::kConfigItems, bounds::kLong);
  fields.Strings("cmd", c.cmd, bounds::kConfigItems, bounds::kLong);
  fields.Strings("volumes", c.volumes, bounds::kConfigItems, bounds::kText);
  fields.StringMap("labels", c.labels, bounds::kConfigItems, bounds::kLong);
  fields.String("workingDir", c.working_dir, bounds::kText);
  fields.String("created", c.created, bounds::kWord);
  fields.Bool("healthcheck", c.healthcheck);
  fields.Objects("history", bounds::kHistory, [&](JsonFields& entry) {
    HistoryEntry& h = c.history.emplace_back();
    entry.String("createdBy", h.created_by, bounds::kLong);
    entry.String("comment", h.comment, bounds::kLong);
    entry.Bool("emptyLayer", h.empty_layer);
    return entry.Done();
  });
  return fields.Done();
}

Status ReadLayer(JsonFields& fields, ImageLayer& layer) {
  ReadDigest(fields, "digest", layer.digest);
  ReadDigest(fields, "diffID", layer.diff_id);
  fields.String("mediaType", layer.media_type, bounds::kShort);
  fields.Uint("sizeBytes", layer.size_bytes);
  fields.String("createdBy", layer.created_by, bounds::kLong);
  fields.Strings("contentSets", layer.content_sets, kMaxContentSets, kMaxContentSetBytes);
  return fields.Done();
}

Status ReadCoverage(JsonFields& fields, Coverage& c) {
  std::string state;
  fields.String("source", c.source, bounds::kSource);
  fields.String("state", state, 32);
  fields.String("reason", c.reason, bounds::kText);
  fields.Uint("packages", c.packages);
  const auto parsed = ValueOf(kStates, state);
  if (!parsed) fields.Fail("state", "is no coverage state");
  if (c.source.empty()) fields.Fail("source", "is missing");
  c.state = parsed.value_or(CoverageState::kFailed);
  return fields.Done();
}

Status ReadInventory(JsonFields& fields, Inventory& i) {
  std::string platform;
  fields.String("platform", platform, bounds::kPlatform);
  auto parsed = Platform::Parse(platform);
  if (parsed) {
    i.platform = *parsed;
  } else {
    fields.Fail("platform", parsed.error().message);
  }
  ReadDigest(fields, "manifestDigest", i.manifest_digest);
  ReadDigest(fields, "imageID", i.image_id);
  fields.Uint("sizeBytes", i.size_bytes);
  fields.Object("os", [&](JsonFields& os) {
    OperatingSystem& out = i.os.emplace();
    os.String("family", out.family, bounds::kShort);
    os.String("version", out.version, bounds::kShort);
    os.String("codename", out.codename, bounds::kShort);
    os.String("prettyName", out.pretty_name, bounds::kName);
    os.String("variant", out.variant, bounds::kWord);
    return os.Done();
  });
  fields.Object("config", [&](JsonFields& config) { return ReadConfig(config, i.config); });
  fields.Object("declaredBase", [&](JsonFields& base) {
    DeclaredBase& out = i.declared_base.emplace();
    base.String("name", out.name, bounds::kText);
    base.String("digest", out.digest, bounds::kDigest);
    return base.Done();
  });
  fields.Objects("layers", bounds::kLayers,
                 [&](JsonFields& layer) { return ReadLayer(layer, i.layers.emplace_back()); });
  fields.Objects("packages", kMaxInventoryPackages, [&](JsonFields& package) {
    return ReadPackage(package, i.packages.emplace_back(), i.layers.size());
  });
  fields.Objects("hints", kMaxHints, [&](JsonFields& package) {
    return ReadPackage(package, i.hints.emplace_back(), i.layers.size());
  });
  fields.Objects("coverage", bounds::kCoverage, [&](JsonFields& coverage) {
    return ReadCoverage(coverage, i.coverage.emplace_back());
  });
  fields.Strings("repositories", i.repositories, bounds::kRepositories, bounds::kShort);
  ReadCollected(fields, i);
  // An answer that leaves these out is broken, not an image without packages.
  for (const char* name : {"config", "layers", "packages", "coverage"}) {
    if (!fields.Has(name)) fields.Fail(name, "is missing");
  }
  return fields.Done();
}

}  // namespace

std::string_view CoverageStateName(CoverageState state) { return NameOf(kStates, state); }

bool Inventory::Complete() const {
  return std::all_of(coverage.begin(), coverage.end(),
                     [](const Coverage& c) { return c.state == CoverageState::kRead; });
}

const std::vector<std::string>& Inventory::ContentSetsOf(int layer) const {
  static const std::vector<std::string> kNone;
  const int count = static_cast<int>(layers.size());
  const auto sets = [&](int i) -> const auto& {
    return layers[static_cast<std::size_t>(i)].content_sets;
  };
  for (int i = std::min(layer, count - 1); i >= 0; --i) {
    if (!sets(i).empty()) return sets(i);
  }
  for (int i = std::max(layer, 0); i < count; ++i) {
    if (!sets(i).empty()) return sets(i);
  }
  return kNone;
}

std::string ToJson(const ImageInventory& inventory) {
  nlohmann::json json{{"digest", inventory.digest.ToString()},
                      {"mediaType", inventory.media_type},
                      {"readers", inventory.readers},
                      {"platforms", nlohmann::json::array()}};
  Set(json, "collected", ToJson(inventory.collected));
  Set(json, "malwareDatabase", inventory.malware_database);
  for (const Inventory& platform : inventory.platforms) {
    json["platforms"].push_back(ToJson(platform));
  }
  return DumpJson(json);
}

Result<ImageInventory> ImageInventoryFromJson(std::string_view text) {
  auto json = ParseJson(text, {kMaxInventoryJsonBytes, 16});
  if (!json) return std::move(json).error().Context("inventory");
  ImageInventory inventory;
  JsonFields fields(*json, "");
  ReadDigest(fields, "digest", inventory.digest);
  fields.String("mediaType", inventory.media_type, bounds::kShort);
  fields.String("readers", inventory.readers, bounds::kWord);
  fields.String("malwareDatabase", inventory.malware_database, bounds::kShort);
  std::string collected;
  fields.String("collected", collected, kMaxCollectionBytes);
  auto collection = CollectionFromJson(collected);
  if (collection) {
    inventory.collected = *std::move(collection);
  } else {
    fields.Fail("collected", collection.error().message);
  }
  fields.Objects("platforms", bounds::kPlatforms, [&](JsonFields& platform) {
    return ReadInventory(platform, inventory.platforms.emplace_back());
  });
  if (inventory.platforms.empty()) fields.Fail("platforms", "is missing or empty");
  if (Status done = fields.Done(); !done) return std::move(done).error().Context("inventory");
  return inventory;
}

}  // namespace landwaiter
