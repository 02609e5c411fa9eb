// What the readers of the different documents hand their packages to. Inside this room only.
#pragma once

#include <cstdint>
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
};

class SbomCollector {
 public:
  SbomCollector(ReadingBuilder& out, Trust trust) : out_(out), trust_(trust) {}

  /// Its packages are those of a document that is now known for one.
  void Recognise() { recognised_ = true; }
  bool recognised() const { return recognised_; }
  void Take(const Component& component);
  void TakeSystem(OperatingSystem os);
  /// Counts and system, for the finished reading.
  void Finish(FileReading& reading) const;

 private:
  ReadingBuilder& out_;
  const Trust trust_;
  bool recognised_ = false;
  std::uint64_t left_out_ = 0;
  std::set<std::string> seen_;
  std::optional<OperatingSystem> stated_;    // by a component of its own
  std::optional<OperatingSystem> inferred_;  // from a purl
};

/// Trivy's words for the source package, of an SPDX package's sourceInfo: "built package from: NAME
/// VERSION".
void TakeSourceInfo(std::string_view text, Component& component);

/// JSON of any of the three. Errors: InvalidArgument.
Status ReadSbomJson(std::string_view text, SbomCollector& out);
/// CycloneDX. Errors: InvalidArgument.
Status ReadSbomXml(std::string_view text, SbomCollector& out);
/// SPDX.
void ReadSpdxTagValue(std::string_view text, SbomCollector& out);

}  // namespace landwaiter::packages
