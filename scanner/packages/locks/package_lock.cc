// package-lock.json and npm-shrinkwrap.json (npm docs, "package-lock.json"): "packages" by folder
// since lockfileVersion 2, nested "dependencies" before.
//
// An alias ("npm:real@1.2.3") is listed as what it stands for. Workspaces, links and packages from
// git, a code host or a folder have no published version. What is for development only is marked
// "dev"; of those that an optional package needs as well ("devOptional") nothing says that they are
// not installed.

#include "scanner/packages/locks/lock.h"
#include "scanner/packages/locks/records.h"
#include "scanner/packages/locks/rows.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kFolder = "node_modules/";
constexpr std::string_view kAlias = "npm:";

bool IsFile(std::string_view path) {
  const std::string_view base = BaseName(path);
  return base == "package-lock.json" || base == "npm-shrinkwrap.json";
}

// packages/FOLDER, and dependencies/NAME at any depth.
bool IsEntry(const JsonPath& path) {
  if (path.empty() || path.size() % 2 != 0) return false;
  if (path[0] == "packages") return path.size() == 2;
  for (std::size_t i = 0; i < path.size(); i += 2) {
    if (path[i] != "dependencies") return false;
  }
  return true;
}

// A tarball that the host of a repository makes of a commit; the hosts' own registries have other
// addresses.
bool IsOfCodeHost(std::string_view address) {
  for (const std::string_view host : {"https://codeload.github.com/", "https://github.com/",
                                      "https://api.github.com/", "https://bitbucket.org/"}) {
    if (address.starts_with(host)) return true;
  }
  return address.starts_with("https://gitlab.com/") &&
         (address.find("/-/archive/") != std::string_view::npos ||
          address.find("/repository/archive") != std::string_view::npos);
}

// "" of what is a registry's own or is not recorded.
bool IsUnpublished(std::string_view where) {
  for (const std::string_view kind : {"git+", "git:", "git@", "github:", "gitlab:", "bitbucket:",
                                      "gist:", "file:", "link:", "workspace:"}) {
    if (where.starts_with(kind)) return true;
  }
  return IsOfCodeHost(where);
}

Use UseOf(const Record& entry) {
  return entry["dev"] == "true" ? Use::kDevelopment : Use::kRuntime;
}

void AddFolder(const Record& entry, LockBuilder& out) {
  const std::string& folder = entry.key();
  const auto at = folder.rfind(kFolder);
  // The project itself, its workspaces, and links to them.
  if (at == std::string::npos || entry["link"] == "true") return;
  if (IsUnpublished(entry["resolved"]) || entry["version"].empty()) return out.LeaveOut();
  const std::string_view alias = entry["name"];
  out.Add(std::string(alias.empty() ? std::string_view(folder).substr(at + kFolder.size()) : alias),
          std::string(entry["version"]), UseOf(entry));
}

void AddDependency(const Record& entry, LockBuilder& out) {
  std::string name = entry.key();
  std::string_view version = entry["version"];
  if (version.starts_with(kAlias)) {
    version.remove_prefix(kAlias.size());
    const auto at = version.rfind('@');
    if (at == std::string_view::npos || at == 0) return out.LeaveOut();
    name = version.substr(0, at);
    version.remove_prefix(at + 1);
  }
  // A tarball from elsewhere is named by its address.
  const bool address = version.find("://") != std::string_view::npos;
  if (version.empty() || address || IsUnpublished(version)) return out.LeaveOut();
  out.Add(std::move(name), std::string(version), UseOf(entry));
}

void Read(std::string_view bytes, LockBuilder& out) {
  bool by_folder = false;
  RecordVisitor visitor(IsEntry, {"version", "resolved", "name", "link", "dev"},
                        [&](const Record& entry) {
                          // npm writes both for its older self, "packages" first.
                          if (entry.at()[0] == "packages") {
                            by_folder = true;
                            AddFolder(entry, out);
                          } else if (!by_folder) {
                            AddDependency(entry, out);
                          }
                        },
                        {"lockfileVersion", "packages", "dependencies"});
  if (auto read = StreamJson(bytes, visitor, kMaxLockDepth); !read) {
    out.Fail(read.error().message);
  } else if (!visitor.is_object()) {
    out.Fail("is no JSON object");
  } else if (!visitor.HasTop()) {
    out.Fail("is no lock file of npm: it has neither a lockfileVersion nor packages");
  }
  // npm-shrinkwrap.json had none before npm 5.
  const std::string_view version = visitor.Top("lockfileVersion").value_or("1");
  const bool known = version == "1" || version == "2" || version == "3";
  if (!known) out.FailUnknownVersion("lockfileVersion", version);
}

constexpr LockFormat kFormat = {
    .name = "package-lock", .type = "npm", .version = 2, .is_file = IsFile, .read = Read};

}  // namespace

PackageSource PackageLockSource() { return LockSource<kFormat>(); }

}  // namespace landwaiter::packages
