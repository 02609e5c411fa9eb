// What Amazon's services answer to whoever asks for keys. Pure. Inside this folder and its tests
// only.
#pragma once

#include <string>

#include "lib/base/result.h"
#include "scanner/image/cloud/sigv4.h"

namespace landwaiter::image::cloud {

/// STS AssumeRoleWithWebIdentity (AWS Security Token Service API Reference), XML. `what` names the
/// step in errors: Unavailable where there are no whole credentials in it.
Result<AwsKeys> KeysOfSts(const std::string& body, const std::string& what);
/// {"AccessKeyId","SecretAccessKey","Token","Expiration"}, of containers and instances. Likewise.
Result<AwsKeys> KeysOfMetadata(const std::string& body, const std::string& what);

}  // namespace landwaiter::image::cloud
