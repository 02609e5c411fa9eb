// Installed R packages: LIBRARY/NAME/DESCRIPTION (Writing R Extensions 1.1.1, "The DESCRIPTION
// file"; R Installation and Administration 6, "Add-on packages").
//
// A folder of a library is an installed package; deeper down it is one only where R has written
// "Built" into it, as in the libraries of renv: source packages stand there, too. Base packages
// have R's own version. Not handled: packages of Bioconductor count as CRAN's, for purl has no type
// of their own.
#include <array>

#include "scanner/packages/control.h"
#include "scanner/packages/language_paths.h"
#include "scanner/packages/rows.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kName = "r";
// Authors and collation order of the largest packages make some 100 KB.
constexpr std::uint64_t kMaxDescriptionBytes = 4u << 20;

Need Wants(const FileFacts& facts) {
  return RRecordAt(facts.path) == RRecord::kNone ? Need::kNothing : Need::kContent;
}

enum Field : std::size_t { kPackage, kVersion, kBuilt, kLicense };
constexpr std::array<std::string_view, 4> kFields = {"Package", "Version", "Built", "License"};

FileReading Parse(const FileFacts& facts, const FileContent& content) {
  ReadingBuilder out(kName, facts.path, ReadingKind::kRecord);
  ControlReader reader(content.bytes, kFields, out);
  const auto stanza = reader.Next().value_or(ControlStanza());
  const auto& values = stanza.values;
  if (RRecordAt(facts.path) == RRecord::kNested && values[kBuilt].empty()) {
    out.NotOurs();
    return out.Take();
  }
  if (values[kPackage].empty() || values[kVersion].empty()) {
    out.Fail(values[kPackage].empty() ? "has no Package" : "has no Version");
    return out.Take();
  }
  Package package{.type = "cran",
                  .name = std::string(values[kPackage]),
                  .version = std::string(values[kVersion])};
  package.source_name = package.name;
  package.source_version = package.version;
  if (!values[kLicense].empty()) package.licenses.push_back(FreeText(values[kLicense]));
  out.Add(std::move(package));
  return out.Take();
}

}  // namespace

PackageSource RSource() {
  return {.name = kName,
          .version = 1,
          .max_bytes = kMaxDescriptionBytes,
          .wants = Wants,
          .wants_head = nullptr,
          .parse = Parse,
          .well_known = {}};
}

}  // namespace landwaiter::packages
