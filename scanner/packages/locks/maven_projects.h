// Maven projects that stand in one image or folder, read together. Inside this room only.
#pragma once

#include <string>
#include <vector>

#include "scanner/packages/source.h"

namespace landwaiter::packages {

/// PackageSource::combine.
std::vector<std::string> CombineMavenProjects(std::vector<FileReading>& readings,
                                              const RealPath& real_path);

}  // namespace landwaiter::packages
