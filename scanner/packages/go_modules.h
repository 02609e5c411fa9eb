// The text of a Go program's modules and build settings (cmd/go "go version -m";
// runtime/debug.BuildInfo): what it was built of, and which release it is. Inside this room only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace landwaiter::packages {

struct GoModule {
  std::string path;
  std::string version;  // "(devel)" where the build knew none
};

struct GoModules {
  std::optional<GoModule> main;
  std::vector<GoModule> dependencies;
  std::size_t bad_line = 0;  // the first that should name a module and does not, from 1; 0 for none
};

/// Lines "mod", "dep" and, behind the one that it replaces, "=>". A module replaced by another
/// counts as that other; replaced by a folder, it keeps its own name and version, for a folder has
/// none.
///
/// A main module without a release ("(devel)", or the pseudo-version of an untagged commit) gets
/// the one that was set by the linker, if there is one: `-ldflags "-X main.version=v1.2.3"`.
GoModules ReadGoModules(std::string_view text);

/// True for "(devel)", "" and "v0.0.0-TIME-COMMIT": comparing them with releases says nothing.
bool IsNoGoRelease(std::string_view version);

}  // namespace landwaiter::packages
