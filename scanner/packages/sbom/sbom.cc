#include "scanner/packages/sbom/sbom.h"

#include <algorithm>
#include <array>

#include "lib/base/text.h"
#include "scanner/packages/plain_text.h"
#include "scanner/packages/purl.h"
#include "scanner/packages/sbom/collector.h"
#include "scanner/packages/sbom/purl_text.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kName = "sbom";
// Documents that ship with software have some hundred KiB. Held whole.
constexpr std::uint64_t kMaxFoundBytes = 32u << 20;
// Syft's JSON of a large image has some 60 MB, its files included.
constexpr std::uint64_t kMaxAskedBytes = 256u << 20;

constexpr std::array<std::string_view, 6> kEndings = {".spdx",     ".spdx.json", ".cdx",
                                                      ".cdx.json", ".cdx.xml",   ".syft.json"};
constexpr std::array<std::string_view, 4> kNames = {"bom.json", "bom.xml", "sbom.json", "sbom.xml"};
// apk's own packages once more, each with its build's sources.
constexpr std::string_view kApkDocuments = "var/lib/db/sbom/";

bool IsDocument(std::string_view path) {
  const std::string_view base = BaseName(path);
  const bool named = std::find(kNames.begin(), kNames.end(), base) != kNames.end() ||
                     std::any_of(kEndings.begin(), kEndings.end(),
                                 [&](std::string_view ending) { return base.ends_with(ending); });
  if (!named || path.starts_with(kApkDocuments)) return false;
  // What an npm package brings along describes its author's build.
  const auto parts = text::Split(path, '/');
  return std::find(parts.begin(), parts.end(), "node_modules") == parts.end();
}

// "opt/bitnami/NAME/.spdx-NAME.spdx", which Bitnami's images always have.
bool IsBitnamis(std::string_view path) { return BaseName(path).starts_with(".spdx-"); }

FileReading ParseDocument(const FileFacts& facts, std::string_view raw, Trust trust) {
  ReadingBuilder out(kName, facts.path, ReadingKind::kDatabase);
  SbomCollector collector(out, trust);
  const PlainText plain(raw);
  const std::string_view bytes = plain.view();
  const auto first = bytes.find_first_not_of(" \t\r\n");
  const char sign = first == std::string_view::npos ? '\0' : bytes[first];
  Status read = Ok();
  if (sign == '{') {
    read = ReadSbomJson(bytes, collector);
  } else if (sign == '<') {
    read = ReadSbomXml(bytes, collector);
  } else {
    read = ReadSpdxTagValue(bytes, collector);
  }
  if (trust == Trust::kFound && !collector.recognised() && !IsBitnamis(facts.path)) {
    // The name means other things elsewhere.
    ReadingBuilder nothing(kName, facts.path, ReadingKind::kDatabase);
    nothing.NotOurs();
    return nothing.Take();
  }
  if (!read) {
    out.Fail(read.error().message);
  } else if (!collector.recognised()) {
    out.Fail("is no CycloneDX, SPDX or Syft document");
  }
  FileReading reading = out.Take();
  collector.Finish(reading);
  return reading;
}

Need Wants(const FileFacts& facts) {
  return IsDocument(facts.path) ? Need::kContent : Need::kNothing;
}
Need WantsAny(const FileFacts& /*facts*/) { return Need::kContent; }

FileReading Parse(const FileFacts& facts, const FileContent& content) {
  return ParseDocument(facts, content.bytes, Trust::kFound);
}
FileReading ParseAsked(const FileFacts& facts, const FileContent& content) {
  return ParseDocument(facts, content.bytes, Trust::kAsked);
}

}  // namespace

void TakeSourceInfo(std::string_view text, Component& component) {
  constexpr std::string_view kWords = "built package from: ";
  const auto at = text.find(kWords);
  if (at == std::string_view::npos) return;
  text = text.substr(at + kWords.size());
  text = text::Trim(text.substr(0, text.find('<')));
  const auto blank = text.find(' ');
  if (blank == std::string_view::npos) return;
  component.source_name = text.substr(0, blank);
  component.source_version = text.substr(blank + 1);
}

bool IsPurlReference(std::string_view type) { return type == "purl" || type.ends_with("/purl"); }

void TakePairs(const Pairs& pairs, Component& component) {
  const auto pair = [&](const char* key) {
    const auto found = pairs.find(key);
    return found == pairs.end() ? std::string() : found->second;
  };
  component.source_name = pair("aquasecurity:trivy:SrcName");
  component.source_version = pair("aquasecurity:trivy:SrcVersion");
  const std::string release = pair("aquasecurity:trivy:SrcRelease");
  if (!release.empty()) component.source_version += "-" + release;
  const std::string epoch = pair("aquasecurity:trivy:SrcEpoch");
  if (!epoch.empty()) component.source_version.insert(0, epoch + ":");
  component.module = pair("aquasecurity:trivy:Modularitylabel");
  if (component.module.empty()) component.module = pair("syft:metadata:modularityLabel");
}

void SbomCollector::Take(const Component& component) {
  if (component.kind == "file") return;
  if (component.kind == "operating-system") {
    // Trivy writes Amazon's names behind its numbers: "2 (Karoo)".
    return TakeSystem({SystemIdOf(component.name),
                       component.version.substr(0, component.version.find(' ')),
                       {},
                       {}});
  }
  const Taken taken = TakePackage(component);
  if (taken == Taken::kYes) ++taken_;
  if (taken == Taken::kNoKind) ++without_kind_;
  if (taken == Taken::kNoVersion) ++without_version_;
}

void SbomCollector::TakeSubject(const Component& component) {
  if (component.kind == "operating-system") return Take(component);
  if (TakePackage(component) == Taken::kYes) ++taken_;
}

SbomCollector::Taken SbomCollector::TakePackage(const Component& component) {
  auto purl = ParsePurl(component.purl);
  if (!purl) return Taken::kNoKind;
  // SPDX's words for "unknown" and "none".
  const bool unknown = component.version == "NOASSERTION" || component.version == "NONE";
  if (purl->version.empty() && !unknown) purl->version = component.version;
  auto package = PackageOf(*purl);
  if (!package) return Taken::kNoKind;
  if (purl->version.empty()) return Taken::kNoVersion;
  if (package->module.empty()) package->module = ModuleOf(component.module);
  if (IsSystemType(package->type)) {
    if (trust_ == Trust::kFound) return Taken::kYes;  // its database lists it
    if (!inferred_) inferred_ = SystemOf(*purl);
    if (!component.source_name.empty()) package->source_name = component.source_name;
    const bool named = !component.source_name.empty() || !purl->Qualifier("upstream").empty();
    if (named) names_sources_.insert(package->type);
    if (!component.source_version.empty()) package->source_version = component.source_version;
  }
  const std::string key =
      package->type + '\0' + package->name + '\0' + package->version + '\0' + package->architecture;
  if (seen_.insert(key).second) out_.Add(*std::move(package));
  return Taken::kYes;
}

void SbomCollector::TakeSystem(OperatingSystem os) {
  if (!stated_ && !os.family.empty()) stated_ = std::move(os);
}

std::string SbomCollector::WhatIsMissing() const {
  return std::to_string(without_kind_) + " without a package URL of a known kind, " +
         std::to_string(without_version_) + " without a version";
}

void SbomCollector::Finish(FileReading& reading) const {
  reading.left_out = without_version_;
  // Who knows source packages names them where they differ (Syft) or always (Trivy): then silence
  // means that the two are the same, and any system has packages where they differ. A document that
  // never names one was made by somebody who does not know them.
  for (Package& package : reading.packages) {
    package.source_assumed = IsSystemType(package.type) && !names_sources_.contains(package.type);
  }
  if (trust_ == Trust::kAsked) reading.os = stated_ ? stated_ : inferred_;
  if (reading.state != ReadingState::kRead) return;
  const std::string path = text::Truncate(text::Printable(reading.path), 256) + ": ";
  if (trust_ == Trust::kAsked && taken_ == 0 && without_kind_ + without_version_ > 0) {
    reading.state = ReadingState::kFailed;
    reading.reason = path + "lists no package that could be taken: " + WhatIsMissing();
  } else if (without_kind_ > 0) {
    reading.reason =
        path + std::to_string(without_kind_) + " without a package URL of a known kind left out";
  }
}

PackageSource SbomSource() {
  return {.name = kName,
          .version = 3,
          .max_bytes = kMaxFoundBytes,
          .wants = Wants,
          .wants_head = nullptr,
          .parse = Parse,
          .well_known = {},
          .says = Says::kRetold};
}

PackageSource SbomDocumentSource() {
  PackageSource source = SbomSource();
  source.max_bytes = kMaxAskedBytes;
  source.wants = WantsAny;
  source.parse = ParseAsked;
  source.says = Says::kInstalled;
  return source;
}

}  // namespace landwaiter::packages
