// Where records of language packages stand. Inside this room only; the sources themselves and the
// lists of owned files ask the same questions.
#pragma once

#include <string_view>

namespace landwaiter::packages {

/// "…/x.dist-info/METADATA", "…/x.egg-info/PKG-INFO", "…/x.egg-info", in any case.
bool IsPythonRecord(std::string_view path);

/// What a package.json under node_modules is.
enum class NodeRecord {
  kNone,    // no package.json, or none under node_modules
  kRoot,    // of an installed package: node_modules/NAME/, node_modules/@SCOPE/NAME/
  kInner,   // deeper: vendored code, or a marker for module loaders
  kSample,  // deeper, in a folder of tests or examples
};
NodeRecord NodeRecordAt(std::string_view path);

/// True where a program may stand: bin, sbin, libexec, or a name without extension under lib.
bool MayBeProgram(std::string_view path);
/// Any of the above.
bool MayHoldLanguagePackage(std::string_view path);

}  // namespace landwaiter::packages
