// What an image holds: the scanner's whole answer, and a function of the image's bytes alone.
// What could not be read stands in `coverage`, and so reaches every verdict: unknown is never
// clean.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/digest.h"
#include "lib/base/result.h"
#include "model/collection.h"
#include "model/platform.h"

namespace landwaiter {

enum class CoverageState { kRead, kFailed, kUnsupported, kSkipped, kEndOfLife, kStale };
std::string_view CoverageStateName(CoverageState state);  // "Read", "Failed", …

/// How the look at one source went. Sources that are not in the image are not listed.
struct Coverage {
  /// Name of a package source ("dpkg"), or "os", "config", "advisories", "database", …
  std::string source;
  CoverageState state = CoverageState::kRead;
  std::string reason = {};     // empty only with kRead; names the file and what is wrong
  std::uint64_t packages = 0;  // how many it yielded
  friend bool operator==(const Coverage&, const Coverage&) = default;
};

/// Fields of os-release(5), as written there; family is ID. Of systems without one what their
/// release files say, in the same words.
struct OperatingSystem {
  std::string family;    // "debian", "alpine", "almalinux", …
  std::string version;   // VERSION_ID; empty for rolling ones
  std::string codename;  // VERSION_CODENAME
  std::string pretty_name;
  /// What sets it apart from others of its family and version, "" for most: "stream" (CentOS),
  /// "edge" (Alpine), "testing" (Debian testing and sid, which write the same), "rawhide" (Fedora).
  std::string variant = {};
  friend bool operator==(const OperatingSystem&, const OperatingSystem&) = default;
};

/// A package as its source records it. `type` is the purl type.
struct Package {
  std::string type;     // deb, apk, rpm, npm, pypi, golang, maven, … (purl.cc has them all)
  std::string name;     // whole, as the ecosystem writes it: "@scope/name", "golang.org/x/text",
                        // "group:artifact"
  std::string version;  // as the source writes it; with epoch and release where it has them
  std::string architecture = {};  // or platform, where the ecosystem says that instead (gem, conda)
  std::string source_name = {};   // source package (dpkg Source, apk origin, rpm sourcerpm's name)
  std::string source_version = {};  // of the source package; equals version where not recorded
  std::string purl = {};
  std::string path = {};  // of the record it was read from, without a leading '/'
  /// Where in an archive at `path` it was found, parts joined by "!/"; "" for the archive itself.
  std::string within = {};
  std::string found_by = {};               // name of the package source
  std::vector<std::string> licenses = {};  // as recorded
  std::string owner = {};                  // OS package whose files it is among, "" for none
  std::string module = {};                 // rpm module "name:stream"
  std::string vendor = {};                 // who built it, as recorded (rpm's Vendor)
  /// Under which names the NVD has it: "cpe:2.3:a:VENDOR:PRODUCT:VERSION:…" (CPE 2.3, formatted
  /// string); only where a curated table says so.
  std::string cpe = {};
  int layer = -1;  // index into Inventory::layers: the first that has this version
  /// A lock file says that only its authors' tests and tools use it.
  bool dev = false;
  /// Nothing records the source package: source_name is the package's own name, which its source
  /// may have or not. Unlike a record that says nothing because the two are the same.
  bool source_assumed = false;
  friend bool operator==(const Package&, const Package&) = default;
};

struct ImageLayer {
  Digest digest;   // of the blob as transferred
  Digest diff_id;  // of the inflated tar, verified
  std::string media_type;
  std::uint64_t size_bytes = 0;  // compressed
  std::string created_by = {};   // its history line
  /// Red Hat's repositories that the packages of this layer came from, as manifests in the layer
  /// name them ("rhel-9-for-x86_64-baseos-rpms"), sorted, each once; empty where it has none:
  /// Inventory::ContentSetsOf.
  std::vector<std::string> content_sets = {};
  friend bool operator==(const ImageLayer&, const ImageLayer&) = default;
};

struct HistoryEntry {
  std::string created_by;
  std::string comment;
  bool empty_layer = false;
  friend bool operator==(const HistoryEntry&, const HistoryEntry&) = default;
};

/// The image configuration's fields that rules read (OCI image-spec config.md; Docker's
/// Healthcheck extension).
struct ImageConfig {
  std::string user;  // as written; "" is root
  /// The uid that `user` means, through the image's /etc/passwd; absent where it cannot be told.
  std::optional<std::uint64_t> uid = {};
  std::vector<std::string> exposed_ports = {};  // "8080/tcp"
  std::vector<std::string> env = {};            // "NAME=value"
  std::vector<std::string> entrypoint = {};
  std::vector<std::string> cmd = {};
  std::vector<std::string> volumes = {};
  std::string working_dir = {};
  std::map<std::string, std::string> labels = {};
  bool healthcheck = false;  // one is set and is not ["NONE"]
  std::string created = {};  // RFC 3339 as written, "" where absent
  std::vector<HistoryEntry> history = {};
  friend bool operator==(const ImageConfig&, const ImageConfig&) = default;
};

/// What an image's builder says that it was built on: annotations of the manifest
/// (org.opencontainers.image.base.name and .base.digest; OCI image-spec annotations.md). Nobody
/// has checked it.
struct DeclaredBase {
  std::string name;    // "" where it names none
  std::string digest;  // as written, "" where it names none
  friend bool operator==(const DeclaredBase&, const DeclaredBase&) = default;
};

/// One platform of one image.
struct Inventory {
  Platform platform;
  Digest manifest_digest;
  Digest image_id;               // digest of the configuration
  std::uint64_t size_bytes = 0;  // compressed, all layers
  std::optional<OperatingSystem> os;
  ImageConfig config;
  std::vector<ImageLayer> layers;  // base first
  std::vector<Package> packages;   // sorted by (type, name, version, path)
  /// Repositories that the image says its packages came from (Red Hat's content sets), sorted;
  /// empty where it says nothing.
  std::vector<std::string> repositories = {};
  std::vector<Coverage> coverage;  // sorted by source
  /// What lock files in an image declare, sorted as packages are. Nobody says that it is installed:
  /// it is matched with nothing and judged by no rule (docs/adr/0008).
  std::vector<Package> hints = {};
  std::optional<DeclaredBase> declared_base = {};  // nullopt where the manifest names none
  // What was collected because a policy asks for it (ImageInventory::collected). Lines of coverage
  // with the names of these fields say what is missing in them.
  std::vector<CollectedFile> files = {};       // sorted by path
  std::optional<PasswdFile> passwd = {};       // nullopt where the image has none
  std::vector<SecretFound> secrets = {};       // sorted by (path, line, rule, layer)
  std::vector<MalwareFound> malware = {};      // sorted by (path, signature, layer)
  std::vector<IntegrityFound> integrity = {};  // sorted by (path, package)

  /// Every line of coverage is kRead.
  bool Complete() const;
  /// The content sets that packages of layer `layer` (Package::layer) came from: its own; else
  /// those of the nearest layer below that has some, for later layers go on with the repositories
  /// of their base; else of the nearest above, for Red Hat's base images used to bring the manifest
  /// in a layer of its own over the packages. Empty where no layer has any: nothing is known, and
  /// the release's usual repositories are to be assumed.
  const std::vector<std::string>& ContentSetsOf(int layer) const;
  friend bool operator==(const Inventory&, const Inventory&) = default;
};

/// All platforms that were asked for of one image digest.
struct ImageInventory {
  Digest digest;  // of the index, or of the manifest where there is no index
  std::string media_type;
  std::vector<Inventory> platforms;
  /// Names the versions of the package sources that looked (packages::ReadersId()): others may see
  /// something else in the same bytes. "" where that is not known.
  std::string readers = {};
  /// What was looked for beside the packages; empty lists of it mean nothing where it is not here.
  Collection collected = {};
  /// What the clamd that looked says of itself, its signature database's number and day among it
  /// ("ClamAV 1.0.7/27500/Fri Jan  3 09:00:00 2025"); "" where none has looked.
  std::string malware_database = {};
  friend bool operator==(const ImageInventory&, const ImageInventory&) = default;
};

/// JSON, the form in which a child process, the scanner service and the store hand it on.
std::string ToJson(const ImageInventory& inventory);
/// Checked field by field and bounded (kMaxInventoryPackages, text lengths, counts), because it
/// comes from a process that has read hostile bytes. Errors: InvalidArgument naming the field,
/// ResourceExhausted.
Result<ImageInventory> ImageInventoryFromJson(std::string_view json);

/// Of one image. Red Hat's name ten or twenty, the longest of them some 80 bytes long.
inline constexpr std::size_t kMaxContentSets = 1024;
inline constexpr std::size_t kMaxContentSetBytes = 256;
inline constexpr std::size_t kMaxInventoryPackages = 200'000;
/// Of one platform; large monorepos' lock files declare 15,000.
inline constexpr std::size_t kMaxHints = 20'000;
inline constexpr std::size_t kMaxInventoryJsonBytes = 256u << 20;

}  // namespace landwaiter
