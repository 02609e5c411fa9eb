// What the readers of the different documents hand their packages to. Inside this room only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "scanner/packages/source.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {

/// Whose word a document is.
enum class Trust {
  kFound,  // it stands in an image or a folder: system packages are their database's to tell
  kAsked,  // it was asked for: it is all that there is
};

/// A component in the making.
struct Component {
  std::string kind = {};  // of CycloneDX, or SPDX's purpose: "file", "operating-system"
  std::string name = {};
  std::string version = {};
  std::string purl = {};
  /// Source package, where the document says it beside the purl.
  std::string source_name = {};
  std::string source_version = {};
  /// Label of an rpm module, "name:stream:version:context".
  std::string module = {};
};

/// Names and values that stand beside a component's fields: CycloneDX's properties.
using Pairs = std::map<std::string, std::string, std::less<>>;
/// What Trivy and Syft write in properties.
void TakePairs(const Pairs& pairs, Component& component);

class SbomCollector {
 public:
  SbomCollector(ReadingBuilder& out, Trust trust) : out_(out), trust_(trust) {}

  /// Its packages are those of a document that is now known for one.
  void Recognise() { recognised_ = true; }
  bool recognised() const { return recognised_; }
  void Take(const Component& component);
  /// What the document is about: nothing is missing where it is no package.
  void TakeSubject(const Component& component);
  void TakeSystem(OperatingSystem os);
  /// Counts and system, for the finished reading, and which packages' sources are only assumed.
  /// Where a document that was asked for lists components and not one of them could be taken, it
  /// has failed.
  void Finish(FileReading& reading) const;

 private:
  enum class Taken { kYes, kNoKind, kNoVersion };
  Taken TakePackage(const Component& component);
  std::string WhatIsMissing() const;

  ReadingBuilder& out_;
  const Trust trust_;
  bool recognised_ = false;
  std::uint64_t taken_ = 0;
  std::uint64_t without_kind_ = 0;
  std::uint64_t without_version_ = 0;
  std::set<std::string> seen_;
  /// Types of system packages of which the document names a source package at least once.
  std::set<std::string> names_sources_;
  std::optional<OperatingSystem> stated_;    // by a component of its own
  std::optional<OperatingSystem> inferred_;  // from a purl
};

/// Trivy's words for the source package, of an SPDX package's sourceInfo: "built package from: NAME
/// VERSION".
void TakeSourceInfo(std::string_view text, Component& component);

/// True for SPDX's "purl", which its JSON may also name by its address
/// (http://spdx.org/rdf/references/purl).
bool IsPurlReference(std::string_view type);

/// JSON of any of the three. Errors: InvalidArgument.
Status ReadSbomJson(std::string_view text, SbomCollector& out);
/// CycloneDX. Errors: InvalidArgument.
Status ReadSbomXml(std::string_view text, SbomCollector& out);
/// SPDX. Errors: InvalidArgument.
Status ReadSpdxTagValue(std::string_view text, SbomCollector& out);

}  // namespace landwaiter::packages
