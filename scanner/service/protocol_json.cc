#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "lib/base/text.h"
#include "model/scan_request.h"
#include "scanner/image/folder.h"
#include "scanner/service/protocol.h"

namespace landwaiter::service {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxMessageBytes = 4096;
// Those of a folder's tar name files (image/folder.h); the packet has room for as much again.
constexpr std::size_t kMaxMediaTypeBytes = image::kMaxNamedFilesBytes + 1024;

constexpr std::array<std::string_view, 13> kReasons = {
    scan_reason::kPullUnauthorized, scan_reason::kNotFound,
    scan_reason::kRateLimited,      scan_reason::kRegistryUnavailable,
    scan_reason::kAddressRefused,   scan_reason::kTooLarge,
    scan_reason::kDigestMismatch,   scan_reason::kUnsupportedMediaType,
    scan_reason::kMalformedImage,   scan_reason::kNoMatchingPlatform,
    scan_reason::kUnsupportedOS,    scan_reason::kScannerFailed,
    scan_reason::kNameCollision};

constexpr std::array<Code, 12> kCodes = {
    Code::kInvalidArgument,  Code::kNotFound,    Code::kUnauthenticated,
    Code::kPermissionDenied, Code::kConflict,    Code::kResourceExhausted,
    Code::kDeadlineExceeded, Code::kCancelled,   Code::kUnavailable,
    Code::kDataLoss,         Code::kUnsupported, Code::kInternal};

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Error Nonsense(std::string_view what) {
  return InvalidArgument("the image parser answered nonsense: " + std::string(what))
      .WithReason(scan_reason::kScannerFailed);
}

// The parser's recursion is bounded by the packet: a nesting is at least a byte.
std::optional<Json> ParseObject(std::string_view text) {
  if (text.size() > kMaxErrorBytes || std::count(text.begin(), text.end(), '[') > 256 ||
      std::count(text.begin(), text.end(), '{') > 256) {
    return std::nullopt;
  }
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  return json;
}

std::optional<std::uint64_t> Number(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<std::uint64_t>();
}

std::optional<std::string> Text(const Json& json, const char* key, std::size_t max_bytes) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_string()) return std::nullopt;
  const auto& text = found->get_ref<const std::string&>();
  if (text.size() > max_bytes) return std::nullopt;
  return text;
}

Result<Digest> DigestOf(const Json& json, const char* key) {
  const auto text = Text(json, key, 256);
  if (!text) return Nonsense(std::string(key) + " is no digest");
  auto digest = Digest::Parse(*text);
  if (!digest) return Nonsense(std::string(key) + " is no digest");
  return digest;
}

Json LimitsToJson(const layer::Limits& limits) {
  return {{"inflatedBytes", limits.inflated_bytes},
          {"entries", limits.entries},
          {"ratio", limits.ratio},
          {"ratioFreeBytes", limits.ratio_free_bytes},
          {"layers", limits.layers},
          {"pathBytes", limits.path_bytes},
          {"retainedBytes", limits.retained_bytes},
          {"fileBytes", limits.file_bytes},
          {"spooledBytes", limits.spooled_bytes},
          {"tarMetadataBytes", limits.tar_metadata_bytes},
          {"sparsePieces", limits.sparse_pieces},
          {"zstdWindowLog", limits.zstd_window_log}};
}

layer::Limits LimitsFromJson(const Json& json) {
  layer::Limits limits;
  json.at("inflatedBytes").get_to(limits.inflated_bytes);
  json.at("entries").get_to(limits.entries);
  json.at("ratio").get_to(limits.ratio);
  json.at("ratioFreeBytes").get_to(limits.ratio_free_bytes);
  json.at("layers").get_to(limits.layers);
  json.at("pathBytes").get_to(limits.path_bytes);
  json.at("retainedBytes").get_to(limits.retained_bytes);
  json.at("fileBytes").get_to(limits.file_bytes);
  json.at("spooledBytes").get_to(limits.spooled_bytes);
  json.at("tarMetadataBytes").get_to(limits.tar_metadata_bytes);
  json.at("sparsePieces").get_to(limits.sparse_pieces);
  json.at("zstdWindowLog").get_to(limits.zstd_window_log);
  return limits;
}

Result<ChildMessage> ProgressFrom(const Json& json) {
  ChildMessage message;
  const auto received = Number(json, "bytesReceived");
  const auto total = Number(json, "bytesTotal");
  const auto done = Number(json, "layersDone");
  const auto layers = Number(json, "layersTotal");
  if (!received || !total || !done || !layers || *layers > 1'000'000 || *done > *layers) {
    return Nonsense("progress");
  }
  message.kind = ChildMessage::Kind::kProgress;
  message.progress = {*received, *total, static_cast<int>(*done), static_cast<int>(*layers)};
  return message;
}

Json JobToJson(const LayerJob& job) {
  return {{"digest", job.digest.ToString()},
          {"size", job.size},
          {"mediaType", job.media_type},
          {"diffID", job.diff_id.ToString()},
          {"coresAreBusy", job.cores_are_busy}};
}

Result<LayerJob> JobFromJson(const Json& json) {
  auto digest = DigestOf(json, "digest");
  if (!digest) return std::move(digest).error();
  auto diff_id = DigestOf(json, "diffID");
  if (!diff_id) return std::move(diff_id).error();
  return LayerJob{.digest = *std::move(digest),
                  .size = json.at("size").get<std::uint64_t>(),
                  .media_type = json.at("mediaType").get<std::string>(),
                  .diff_id = *std::move(diff_id),
                  .cores_are_busy = json.at("coresAreBusy").get<bool>()};
}

// A blob, or the inventory of the layer that it is: `key` is "blob" or "inventory".
Result<ChildMessage> BlobQuestionFrom(const Json& json, const char* key) {
  ChildMessage message;
  auto digest = DigestOf(json, key);
  if (!digest) return std::move(digest).error();
  const auto size = Number(json, "size");
  auto media_type = Text(json, "mediaType", kMaxMediaTypeBytes);
  if (!size || !media_type) return Nonsense("size or mediaType of a blob");
  message.kind = ChildMessage::Kind::kBlob;
  message.digest = *std::move(digest);
  message.size = *size;
  message.media_type = *std::move(media_type);
  return message;
}

}  // namespace

std::string ToJson(const StartMessage& message) {
  Json platforms = Json::array();
  for (const auto& platform : message.platforms) platforms.push_back(platform.ToString());
  Json json = {{"subject", static_cast<int>(message.subject)},
               {"declared", static_cast<int>(message.declared)},
               {"platforms", platforms},
               {"singleOfAnyPlatform", message.single_of_any_platform},
               {"limits", LimitsToJson(message.limits)},
               {"collection", landwaiter::ToJson(message.collection)},
               {"layersAtOnce", message.layers_at_once},
               {"cores", message.cores},
               {"scratch", message.scratch_fds},
               {"archiveName", message.archive_name},
               {"archiveImage", message.archive_image},
               {"memoryBytes", message.memory_bytes},
               {"cpuSeconds", message.cpu_seconds},
               {"fileBytes", message.file_bytes},
               {"nameKey", message.name_key},
               {"layersApart", message.layers_apart},
               {"malwareMaxBytes", message.malware_max_bytes}};
  if (message.layer) json["layer"] = JobToJson(*message.layer);
  if (message.archive_fd) json["archive"] = *message.archive_fd;
  if (message.ring_fd) json["ring"] = *message.ring_fd;
  return Dump(json);
}

Result<StartMessage> StartMessageFromJson(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    StartMessage message;
    message.subject = static_cast<Subject>(json.at("subject").get<int>());
    message.declared = static_cast<packages::Declared>(json.at("declared").get<int>());
    for (const auto& item : json.at("platforms")) {
      auto platform = Platform::Parse(item.get<std::string>());
      if (!platform) return std::move(platform).error();
      message.platforms.push_back(*std::move(platform));
    }
    json.at("singleOfAnyPlatform").get_to(message.single_of_any_platform);
    message.limits = LimitsFromJson(json.at("limits"));
    auto collection = CollectionFromJson(json.at("collection").get<std::string>());
    if (!collection) return std::move(collection).error();
    message.collection = *std::move(collection);
    json.at("layersAtOnce").get_to(message.layers_at_once);
    json.at("cores").get_to(message.cores);
    json.at("scratch").get_to(message.scratch_fds);
    json.at("archiveName").get_to(message.archive_name);
    json.at("archiveImage").get_to(message.archive_image);
    json.at("memoryBytes").get_to(message.memory_bytes);
    json.at("cpuSeconds").get_to(message.cpu_seconds);
    json.at("fileBytes").get_to(message.file_bytes);
    json.at("nameKey").get_to(message.name_key);
    json.at("layersApart").get_to(message.layers_apart);
    json.at("malwareMaxBytes").get_to(message.malware_max_bytes);
    if (json.contains("layer")) {
      auto job = JobFromJson(json.at("layer"));
      if (!job) return std::move(job).error();
      message.layer = *std::move(job);
    }
    if (json.contains("archive")) message.archive_fd = json.at("archive").get<int>();
    if (json.contains("ring")) message.ring_fd = json.at("ring").get<int>();
    return message;
  } catch (const std::exception& e) {
    return Internal(std::string("the scan's start message cannot be read: ") + e.what());
  }
}

std::string ToJson(const ChildMessage& message) {
  switch (message.kind) {
    case ChildMessage::Kind::kManifest:
      return Dump({{"manifest", message.digest ? Json(message.digest->ToString()) : Json()}});
    case ChildMessage::Kind::kBlob:
      return Dump({{"blob", message.digest ? message.digest->ToString() : ""},
                   {"size", message.size},
                   {"mediaType", message.media_type}});
    case ChildMessage::Kind::kInventory:
      return Dump({{"inventory", message.digest ? message.digest->ToString() : ""},
                   {"size", message.size},
                   {"mediaType", message.media_type},
                   {"diffID", message.diff_id.ToString()},
                   {"coresAreBusy", message.cores_are_busy}});
    case ChildMessage::Kind::kMalware:
      return Dump({{"malware", true}});
    case ChildMessage::Kind::kProgress:
      return Dump({{"progress",
                    {{"bytesReceived", message.progress.bytes_received},
                     {"bytesTotal", message.progress.bytes_total},
                     {"layersDone", static_cast<unsigned>(message.progress.layers_done)},
                     {"layersTotal", static_cast<unsigned>(message.progress.layers_total)}}}});
    case ChildMessage::Kind::kLayer:
      return Dump({{"layer", static_cast<unsigned>(message.layer)},
                   {"digest", message.digest ? message.digest->ToString() : ""},
                   {"done", message.done}});
  }
  return "{}";
}

Result<ChildMessage> ChildMessageFromJson(std::string_view text) {
  const auto json = ParseObject(text);
  if (!json) return Nonsense("a message is no JSON object");
  ChildMessage message;
  if (json->contains("progress")) return ProgressFrom(json->at("progress"));
  if (json->contains("manifest")) {
    message.kind = ChildMessage::Kind::kManifest;
    if (json->at("manifest").is_null()) return message;
    auto digest = DigestOf(*json, "manifest");
    if (!digest) return std::move(digest).error();
    message.digest = *std::move(digest);
    return message;
  }
  if (json->contains("malware")) {
    message.kind = ChildMessage::Kind::kMalware;
    return message;
  }
  if (json->contains("blob")) return BlobQuestionFrom(*json, "blob");
  if (json->contains("inventory")) {
    auto question = BlobQuestionFrom(*json, "inventory");
    if (!question) return question;
    auto diff_id = DigestOf(*json, "diffID");
    if (!diff_id) return std::move(diff_id).error();
    question->kind = ChildMessage::Kind::kInventory;
    question->diff_id = *std::move(diff_id);
    const auto busy = json->find("coresAreBusy");
    if (busy == json->end() || !busy->is_boolean()) return Nonsense("coresAreBusy of a layer");
    question->cores_are_busy = busy->get<bool>();
    return question;
  }
  const auto layer = Number(*json, "layer");
  auto digest = DigestOf(*json, "digest");
  const auto done = json->find("done");
  if (!layer || *layer > 1'000'000 || !digest || done == json->end() || !done->is_boolean()) {
    return Nonsense("a message of an unknown kind");
  }
  message.kind = ChildMessage::Kind::kLayer;
  message.layer = static_cast<int>(*layer);
  message.digest = *std::move(digest);
  message.done = done->get<bool>();
  return message;
}

std::string ErrorToJson(const Error& error) {
  return Dump({{"code", std::string(CodeName(error.code))},
               {"reason", error.reason},
               {"message", text::Truncate(error.message, kMaxMessageBytes)}});
}

Error ErrorFromJson(std::string_view text) {
  const auto json = ParseObject(text);
  if (!json) return Nonsense("an error is no JSON object");
  const auto code = Text(*json, "code", 64);
  const auto reason = Text(*json, "reason", 64);
  const auto message = Text(*json, "message", kMaxErrorBytes);
  if (!code || !reason || !message) return Nonsense("an error lacks code, reason or message");
  const auto known = std::find_if(kCodes.begin(), kCodes.end(),
                                  [&](Code candidate) { return CodeName(candidate) == *code; });
  const bool reason_known =
      reason->empty() || std::find(kReasons.begin(), kReasons.end(), *reason) != kReasons.end();
  if (known == kCodes.end() || !reason_known) return Nonsense("an error of an unknown kind");
  return Error{*known, text::Printable(text::Truncate(*message, kMaxMessageBytes)), *reason};
}

}  // namespace landwaiter::service
