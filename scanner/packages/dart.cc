// Dart packages in pub's cache: PUB_CACHE/hosted/HOST/NAME-VERSION/pubspec.yaml (dart.dev, "The pub
// tool: PUB_CACHE"), from which programs that are not compiled ahead of time run.
//
// Pub itself takes name and version from the folder. A compiled program (dart compile exe or aot, a
// Flutter application) leaves no record of its packages: an image that holds the program alone has
// nothing to read, and nothing is said of it. Not handled: packages from git, which have no
// published version.
#include <utility>

#include "scanner/packages/language_paths.h"
#include "scanner/packages/rows.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kName = "dart";

Need Wants(const FileFacts& facts) {
  return PubPackageAt(facts.path).name.empty() ? Need::kNothing : Need::kPresence;
}

FileReading Parse(const FileFacts& facts, const FileContent& /*content*/) {
  ReadingBuilder out(kName, facts.path, ReadingKind::kRecord);
  const PathRecord record = PubPackageAt(facts.path);
  Package package{
      .type = "pub", .name = std::string(record.name), .version = std::string(record.version)};
  package.source_name = package.name;
  package.source_version = package.version;
  out.Add(std::move(package));
  return out.Take();
}

}  // namespace

PackageSource DartSource() {
  return {.name = kName,
          .version = 1,
          .max_bytes = 0,
          .wants = Wants,
          .wants_head = nullptr,
          .parse = Parse,
          .well_known = {}};
}

}  // namespace landwaiter::packages
