#include "controller/scanner_client.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/http/client.h"
#include "model/inventory_codec.h"

namespace landwaiter::controller {
namespace {

// The scanner's own limit on one scan is 15 minutes; it answers first.
constexpr std::chrono::minutes kScanTimeout{20};
constexpr std::size_t kMaxMessage = 1024;

constexpr Code kCodes[] = {
    Code::kInvalidArgument,  Code::kNotFound,    Code::kUnauthenticated,
    Code::kPermissionDenied, Code::kConflict,    Code::kResourceExhausted,
    Code::kDeadlineExceeded, Code::kCancelled,   Code::kUnavailable,
    Code::kDataLoss,         Code::kUnsupported, Code::kInternal,
};

Code CodeNamed(const std::string& name) {
  for (const Code code : kCodes) {
    if (CodeName(code) == name) return code;
  }
  return Code::kInternal;
}

Error ScannerFailed(std::string message) {
  return Error{Code::kUnavailable, std::move(message), std::string(scan_reason::kScannerFailed)};
}

}  // namespace

std::vector<std::string> RendezvousOrder(const std::vector<std::string>& urls,
                                         const std::string& digest) {
  std::vector<std::pair<std::string, std::string>> weighted;
  weighted.reserve(urls.size());
  for (const auto& url : urls) {
    Sha256 hash;
    hash.Update(url);
    hash.Update("\n");
    hash.Update(digest);
    weighted.emplace_back(hash.Finish().ToString(), url);
  }
  std::sort(weighted.rbegin(), weighted.rend());
  std::vector<std::string> out;
  out.reserve(weighted.size());
  for (auto& [weight, url] : weighted) out.push_back(std::move(url));
  return out;
}

Error ErrorOfScanner(int status, std::string_view body) {
  std::string code, reason, message;
  auto parsed = ParseJson(body, {.max_bytes = 1u << 20, .max_depth = 8});
  if (parsed && parsed->is_object()) {
    JsonFields fields(*parsed, "answer");
    fields.Object("error", [&](JsonFields& error) {
      error.String("code", code);
      error.String("reason", reason);
      error.String("message", message, 1u << 16);
      return error.Done();
    });
  }
  // A scan's own failure has a reason, whatever its status: a registry that is down is 503 too.
  const bool turned_away = reason.empty() && (status == 429 || status == 502 || status == 503);
  if (message.empty()) {
    message = "scanner answered " + std::to_string(status) + " without a reason";
    if (!turned_away) return ScannerFailed(std::move(message));
    code = CodeName(Code::kUnavailable);
  }
  if (reason.empty()) {
    reason = turned_away ? scan_reason::kScannerBusy : scan_reason::kScannerFailed;
  }
  return Error{CodeNamed(code), text::Truncate(text::Printable(message), kMaxMessage),
               text::Truncate(text::Printable(reason), 64)};
}

ScannerClient::ScannerClient(std::unique_ptr<http::Client> client, std::vector<std::string> urls)
    : client_(std::move(client)), urls_(std::move(urls)) {}

ScannerClient::~ScannerClient() = default;

Result<ImageInventory> ScannerClient::Scan(const ScanRequest& request, const Cancellation& cancel) {
  const std::string digest = request.image.digest ? request.image.digest->ToString() : "";
  http::Request call;
  call.method = "POST";
  call.headers = {{"Content-Type", "application/json"},
                  {"Accept", std::string(kInventoryMediaType) + ", application/json"}};
  call.body = ToJson(request);
  call.timeout = kScanTimeout;
  call.stall_timeout = kScanTimeout;  // the answer comes in one piece, when the scan is done
  call.max_body_bytes = kMaxInventoryJsonBytes;
  call.trusted_address = true;
  // One that is only busy has a turn to give soon: its word goes before "unreachable".
  Error last{Code::kUnavailable, "no scanner service is configured: give --scanner URL",
             std::string(scan_reason::kScannerUnreachable)};
  for (const auto& url : RendezvousOrder(urls_, digest)) {
    call.url = url + "/v1/scan";
    auto response = client_->Send(call, cancel);
    if (!response) {
      if (cancel.Stopped()) return std::move(response).error();
      if (last.reason != scan_reason::kScannerBusy) {
        last.message = "scanner " + url + ": " + response.error().message;
      }
      log::Warn("scanner unreachable", {{"scanner", url}, {"error", response.error()}});
      continue;
    }
    if (response->status != 200) {
      Error error = ErrorOfScanner(response->status, response->body);
      if (error.reason != scan_reason::kScannerBusy) return error;
      last = std::move(error);
      continue;
    }
    const bool bytes = response->HeaderValue("Content-Type") == kInventoryMediaType;
    auto inventory =
        bytes ? DecodeImageInventory(response->body) : ImageInventoryFromJson(response->body);
    if (!inventory) {
      return ScannerFailed("scanner answered something that is no inventory: " +
                           inventory.error().message);
    }
    if (inventory->digest.ToString() != digest) {
      return Error{
          Code::kDataLoss,
          "scanner answered for " + inventory->digest.ToString() + " when asked for " + digest,
          std::string(scan_reason::kDigestMismatch)};
    }
    return inventory;
  }
  return last;
}

}  // namespace landwaiter::controller
