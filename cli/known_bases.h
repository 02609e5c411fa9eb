// The images of `landwaiter scan --base`, which others may be built on.
#pragma once

#include <string>
#include <vector>

#include "cli/registry_access.h"
#include "lib/base/cancellation.h"
#include "lib/base/result.h"
#include "model/base_image.h"
#include "scanner/service/scan_in_child.h"

namespace landwaiter::cli {

/// A list has one IMAGE a line; blank lines and what follows a '#' are left out. Errors: NotFound,
/// InvalidArgument for one that is larger than any list.
Result<std::vector<std::string>> ReadBaseList(const std::string& path);

/// Manifest and configuration of each image, for the platforms of `options`; no layer is fetched.
/// What has no layers, as a folder, is refused. Errors: as ScanImageArgument, naming the image: a
/// base that cannot be read would silently be none.
Result<std::vector<KnownBase>> ReadKnownBases(const std::vector<std::string>& images,
                                              const RegistryFlags& flags,
                                              service::ScanOptions options,
                                              const Cancellation& cancel);

}  // namespace landwaiter::cli
