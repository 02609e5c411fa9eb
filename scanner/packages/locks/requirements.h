// What is kept of a requirements file beside its pins, so that it can be read together with the
// files that it names. Inside this room only.
//
// FileReading::residue has a line for each, which begins with one of the letters below.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scanner/packages/source.h"

namespace landwaiter::packages {

/// "-r FILE": the path as written.
inline constexpr char kIncludedList = 'r';
/// "-c FILE".
inline constexpr char kConstraintList = 'c';
/// The name of a requirement without an exact version.
inline constexpr char kOpenName = 'n';

bool IsRequirementsFile(std::string_view path);

/// PackageSource::combine.
std::vector<std::string> CombineRequirements(std::vector<FileReading>& readings,
                                             const RealPath& real_path);

}  // namespace landwaiter::packages
