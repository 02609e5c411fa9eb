// Amazon's Signature Version 4 (AWS General Reference, "Signing AWS API requests"): in headers, for
// services that are no S3. Inside this folder and its tests only.
#pragma once

#include <string>

#include "lib/base/clock.h"
#include "lib/base/secret.h"
#include "lib/http/client.h"

namespace landwaiter::image::cloud {

struct AwsKeys {
  std::string id;
  Secret secret;
  Secret session_token;  // "" for a user's own keys
  TimePoint ends = TimePoint::max();
};

struct SigningScope {
  std::string region;   // "eu-west-1"
  std::string service;  // "ecr"
};

/// Adds X-Amz-Date, X-Amz-Security-Token and Authorization; all headers that are there are signed,
/// and Host. The path is taken as it stands in the URL. Errors: InvalidArgument for a URL that is
/// none.
Status Sign(http::Request& request, const AwsKeys& keys, const SigningScope& scope, TimePoint now);

}  // namespace landwaiter::image::cloud
