// Files without an image: a folder of this machine (`dir:`), or one file that lists packages
// (`sbom:`). The same walk and merge as for an image of one layer.
#pragma once

#include <string>

#include "scanner/service/scan_in_child.h"

namespace landwaiter::service {

/// In this process, from a source that gives a tar (image/folder.h): one platform, the first of the
/// options', whose digests are that of the tar. Reads hostile bytes. Errors: as ScanImage.
Result<ImageInventory> ScanFiles(image::ImageSource& source, const ScanOptions& options,
                                 const Cancellation& cancel);

/// ScanFiles in a child, the folder read by this process, which parses nothing. What could not be
/// opened is Failed coverage "folder". Errors: as ScanInChild, and as FolderSource::Open.
Result<ImageInventory> ScanFolderInChild(const std::string& path, ScanOptions options,
                                         const ChildOptions& child, const Cancellation& cancel);

/// The same for one file that lists packages (packages::SbomDocumentSource).
Result<ImageInventory> ScanDocumentInChild(const std::string& path, ScanOptions options,
                                           const ChildOptions& child, const Cancellation& cancel);

}  // namespace landwaiter::service
