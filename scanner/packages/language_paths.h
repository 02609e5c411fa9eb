// Where records of language packages stand. Inside this room only; the sources themselves and the
// lists of owned files ask the same questions, of every path: each is answered by the path's end
// first.
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

/// "…/conda-meta/x.json".
bool IsCondaRecord(std::string_view path);
/// "…/specifications/x.gemspec", "…/specifications/default/x.gemspec".
bool IsGemRecord(std::string_view path);
/// "…/composer/installed.json".
bool IsComposerRecord(std::string_view path);
/// "…/x.deps.json".
bool IsDotnetRecord(std::string_view path);
/// "…/ebin/x.app".
bool IsErlangApplication(std::string_view path);
/// "…/releases/start_erl.data".
bool IsErlangRelease(std::string_view path);
/// "….build/workspace-state.json".
bool IsSwiftState(std::string_view path);

/// What a DESCRIPTION below a folder "library" or "site-library" is.
enum class RRecord {
  kNone,
  kInstalled,  // library/NAME/DESCRIPTION
  kNested,     // deeper: a library of renv, or whatever an installed package brought along
};
RRecord RRecordAt(std::string_view path);

/// Name and version that a package manager wrote into the path; empty where the path is no record.
struct PathRecord {
  std::string_view name;
  std::string_view version;
};
/// "…/rocks-5.1/NAME/VERSION/NAME-VERSION.rockspec" (LuaRocks; before its version 2 "rocks/…").
PathRecord RockAt(std::string_view path);
/// "…/hosted/HOST/NAME-VERSION/pubspec.yaml" (pub's cache).
PathRecord PubPackageAt(std::string_view path);

/// "x.jar", "x.war", "x.ear", "x.par" and their like of other containers, in any case.
bool IsJavaArchive(std::string_view path);

/// True where a program may stand: bin, sbin, libexec; a shared object; or a name without extension
/// under lib.
bool MayBeProgram(std::string_view path);
/// Any of the above.
bool MayHoldLanguagePackage(std::string_view path);

}  // namespace landwaiter::packages
