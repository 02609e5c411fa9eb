// The image configuration: OCI image-spec config.md, and Docker's image specification v1.2 for
// Healthcheck and for texts where lists are meant.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/json.h"
#include "model/scan_request.h"
#include "scanner/image/failure.h"
#include "scanner/image/manifest.h"

namespace landwaiter::image {
namespace {

// As model/inventory.cc's reader bounds them, so that what is read here can be handed on.
constexpr std::size_t kMaxText = 8192;
constexpr std::size_t kMaxLongText = 1u << 20;  // a RUN line holds its whole here-document

/// Docker's strslice: a list of texts, or one text.
void ReadArguments(JsonFields& fields, const nlohmann::json& json, const char* name,
                   std::vector<std::string>& out) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_string()) {
    fields.Strings(name, out, kMaxConfigEntries, kMaxLongText);
    return;
  }
  fields.String(name, out.emplace_back(), kMaxLongText);
}

/// Go's map[string]struct{}: the keys are the values.
void ReadKeys(JsonFields& fields, const nlohmann::json& json, const char* name,
              std::vector<std::string>& out) {
  const auto found = json.find(name);
  if (found == json.end() || found->is_null()) return;
  if (!found->is_object()) {
    return fields.Fail(name, "must be an object, is " + std::string(found->type_name()));
  }
  if (found->size() > kMaxConfigEntries) {
    return fields.Fail(name, "has more than " + std::to_string(kMaxConfigEntries) + " entries");
  }
  for (const auto& [key, value] : found->items()) {
    if (key.size() > kMaxText) return fields.Fail(name, "has a key longer than 8192 bytes");
    out.push_back(key);
  }
}

Status ReadHealthcheck(JsonFields& fields, const nlohmann::json& json, ImageConfig& config) {
  std::vector<std::string> test;
  ReadArguments(fields, json, "Test", test);
  config.healthcheck = !test.empty() && test.front() != "NONE";
  return fields.Done();
}

Status ReadRunConfig(JsonFields& fields, const nlohmann::json& json, ImageConfig& config) {
  fields.String("User", config.user, kMaxText);
  fields.String("WorkingDir", config.working_dir, kMaxText);
  fields.Strings("Env", config.env, kMaxConfigEntries, kMaxLongText);
  fields.StringMap("Labels", config.labels, kMaxConfigEntries, kMaxLongText);
  ReadArguments(fields, json, "Entrypoint", config.entrypoint);
  ReadArguments(fields, json, "Cmd", config.cmd);
  ReadKeys(fields, json, "ExposedPorts", config.exposed_ports);
  ReadKeys(fields, json, "Volumes", config.volumes);
  fields.Object("Healthcheck", [&](JsonFields& healthcheck) {
    return ReadHealthcheck(healthcheck, json["Healthcheck"], config);
  });
  return fields.Done();
}

Status ReadRootfs(JsonFields& fields, std::vector<Digest>& diff_ids) {
  std::string type;
  std::vector<std::string> texts;
  fields.String("type", type, 64);
  fields.Strings("diff_ids", texts, kMaxLayers, 160);
  if (auto done = fields.Done(); !done) return done;
  if (type != "layers") {
    fields.Fail("type", "is '" + type + "', not 'layers'");
    return fields.Done();
  }
  for (const std::string& text : texts) {
    auto digest = Digest::Parse(text);
    if (!digest) {
      fields.Fail("diff_ids", digest.error().message);
      return fields.Done();
    }
    diff_ids.push_back(std::move(*digest));
  }
  return Ok();
}

void ReadPlatform(JsonFields& fields, Platform& platform) {
  std::string os, architecture, variant;
  fields.String("os", os, 64);
  fields.String("architecture", architecture, 64);
  fields.String("variant", variant, 64);
  if (os.empty()) os = "linux";  // images from before the field, as Docker reads them
  if (architecture.empty()) return fields.Fail("architecture", "is missing");
  auto parsed = Platform::Parse(os + "/" + architecture + (variant.empty() ? "" : "/" + variant));
  if (!parsed) return fields.Fail("architecture", parsed.error().message);
  platform = std::move(*parsed);
}

}  // namespace

Result<ParsedConfig> ParseConfig(std::string_view bytes) {
  if (bytes.size() > kMaxConfigBytes) {
    return Failure(Code::kResourceExhausted, scan_reason::kTooLarge,
                   "configuration of " + std::to_string(bytes.size()) +
                       " bytes is above the limit of " + std::to_string(kMaxConfigBytes));
  }
  auto json = ParseJson(bytes, {kMaxConfigBytes, kMaxJsonDepth});
  if (!json) return Malformed("configuration", json.error().message);
  ParsedConfig parsed;
  ImageConfig& config = parsed.config;
  JsonFields fields(*json, "");
  ReadPlatform(fields, parsed.platform);
  fields.String("created", config.created, 64);
  if (!fields.Has("rootfs")) fields.Fail("rootfs", "is missing");
  fields.Object("config",
                [&](JsonFields& run) { return ReadRunConfig(run, (*json)["config"], config); });
  fields.Object("rootfs", [&](JsonFields& rootfs) { return ReadRootfs(rootfs, parsed.diff_ids); });
  fields.Objects("history", kMaxHistory, [&](JsonFields& entry) {
    HistoryEntry& line = config.history.emplace_back();
    entry.String("created_by", line.created_by, kMaxLongText);
    entry.String("comment", line.comment, kMaxLongText);
    entry.Bool("empty_layer", line.empty_layer);
    return entry.Done();
  });
  if (auto done = fields.Done(); !done) return Malformed("configuration", done.error().message);
  std::sort(config.exposed_ports.begin(), config.exposed_ports.end());
  std::sort(config.volumes.begin(), config.volumes.end());
  return parsed;
}

}  // namespace landwaiter::image
