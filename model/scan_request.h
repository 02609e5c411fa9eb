// What the controller asks the scanner service, and what it gets back (POST /v1/scan, JSON).
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/secret.h"
#include "model/collection.h"
#include "model/image_reference.h"
#include "model/platform.h"

namespace landwaiter {

/// Credentials for one registry host and repository path; never sent to another host.
struct RegistryCredential {
  std::string username = {};
  Secret password = {};
  Secret identity_token = {};  // OAuth2 refresh token, in place of username and password
  std::string host = {};       // of the mirror that it is for; "": the image's own registry
  bool empty() const { return username.empty() && password.empty() && identity_token.empty(); }
};

struct ScanRequest {
  ImageReference image;             // with a digest
  std::vector<Platform> platforms;  // wanted of an index; empty: all that are no attestation
  /// Tried in turn: the next on 401 and 403. Empty: anonymous.
  std::vector<RegistryCredential> credentials;
  Collection collection = {};
};

std::string ToJson(const ScanRequest& request);  // holds the credentials: never logged
Result<ScanRequest> ScanRequestFromJson(std::string_view json);

/// Reasons that a scan could not be completed; the same words stand in ImageScan's Ready condition.
namespace scan_reason {
inline constexpr std::string_view kPullUnauthorized = "PullUnauthorized";
inline constexpr std::string_view kNotFound = "NotFound";
inline constexpr std::string_view kRateLimited = "RateLimited";
inline constexpr std::string_view kRegistryUnavailable = "RegistryUnavailable";
inline constexpr std::string_view kAddressRefused = "AddressRefused";
inline constexpr std::string_view kTooLarge = "TooLarge";
inline constexpr std::string_view kDigestMismatch = "DigestMismatch";
inline constexpr std::string_view kUnsupportedMediaType = "UnsupportedMediaType";
inline constexpr std::string_view kMalformedImage = "MalformedImage";
inline constexpr std::string_view kNoMatchingPlatform = "NoMatchingPlatform";
inline constexpr std::string_view kUnsupportedOS = "UnsupportedOS";
inline constexpr std::string_view kScannerFailed = "ScannerFailed";
inline constexpr std::string_view kNameCollision = "NameCollision";
// Of no scan: no scanner took it. The ImageScan stays Queued.
inline constexpr std::string_view kScannerBusy = "ScannerBusy";
inline constexpr std::string_view kScannerUnreachable = "ScannerUnreachable";
}  // namespace scan_reason

}  // namespace landwaiter
