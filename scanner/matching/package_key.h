// What a package is looked up by: each feed's own key.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/inventory.h"
#include "scanner/matching/distributions.h"

namespace landwaiter::matching {

struct PackageKey {
  std::string name;
  std::string version;  // as the feed writes versions
  /// The name is that of the source package, where the distribution's key is the binary's: only
  /// rows that name source packages are meant.
  bool of_source = false;
  /// The version has lost its epoch (rpm's SOURCERPM has none): it is compared without.
  bool without_epoch = false;
  friend auto operator<=>(const PackageKey&, const PackageKey&) = default;
};

/// Of an operating system, not of a language.
bool IsOsPackage(const Package& package);

/// `os_key`: what the feeds of the package's distribution speak of; languages go by their names.
/// Go: the toolchain's "go1.22.3" is "stdlib" 1.22.3. Never empty.
std::vector<PackageKey> KeysOf(const Package& package, KeyBy os_key);

/// "go1.21rc2 X:boringcrypto" → "1.21.0-rc.2", as the Go vulnerability database writes it; other
/// text comes back as it is.
std::string GoToolchainVersion(std::string_view version);

/// A fixed version as the package's own source writes versions: the Go database leaves out the "v"
/// of modules and the "go" of the toolchain.
std::string AsInstalled(const Package& package, const std::string& fixed_version);

/// Headers of the kernel: what they are built from runs on the host, not in the image.
bool IsKernelHeaders(const Package& package);

/// Whether a language package whose files belong to `owner` is that OS package under another name:
/// the owner's upstream version is the language package's. Where the two differ the OS package
/// bundles something that its distribution's feed does not speak of.
bool IsSameSoftware(const Package& language_package, const Package& owner);

/// "name:stream" of an rpm modularity label "name:stream:version:context"; "" for none.
std::string ModuleStream(std::string_view label);

}  // namespace landwaiter::matching
