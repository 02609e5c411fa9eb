// The table of programs that are known by their content. Inside this room only.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "scanner/packages/version_search.h"

namespace landwaiter::packages {

struct BinaryClassifier {
  /// A glob: of the base name, or of the whole path where it has a '/'.
  std::string_view file;
  /// Where the version stands in it, as MatchVersion reads it.
  std::string_view pattern;
  std::string_view name;  // of the package; for type golang the main module's path
  std::string_view cpe;   // "vendor:product" of the NVD's dictionary; "" where it has none
  VersionSuffix suffix = VersionSuffix::kNone;
  /// Bytes that must stand somewhere in the file, too: what tells a fork from what it forked.
  std::string_view needs = {};
  /// At least so many numbers make the version.
  std::size_t numbers = 2;
  std::string_view type = "generic";
  /// The version begins with the numbers in the file's name ("python3.11").
  bool numbered = false;
};

/// A file's first row in this order that fits names it: forks stand before what they forked.
std::span<const BinaryClassifier> BinaryClassifiers();

/// True where a row asks for a file of this name. Cheap: it is asked of every file of an image.
bool IsClassifiedFile(std::string_view path);
/// The rows that ask for it, in the table's order.
std::vector<const BinaryClassifier*> ClassifiersFor(std::string_view path);

}  // namespace landwaiter::packages
