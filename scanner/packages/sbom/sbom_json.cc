// CycloneDX, SPDX and Syft's JSON in one pass: which of them a document is stands anywhere in it.
#include <map>
#include <utility>

#include "scanner/packages/locks/records.h"
#include "scanner/packages/sbom/collector.h"
#include "scanner/packages/sbom/purl_text.h"

namespace landwaiter::packages {
namespace {

bool EndsWith(const JsonPath& path, std::string_view list) {
  return path.size() >= 2 && path.back().empty() && path[path.size() - 2] == list;
}

bool IsSubject(const JsonPath& path) {
  return path.size() == 2 && path[0] == "metadata" && path[1] == "component";
}

// components/…, nested, also in what the document is about: CycloneDX.
bool IsComponent(const JsonPath& path) {
  if (path.empty() || path.size() % 2 != 0) return false;
  const bool below = path.size() > 2 && path[0] == "metadata" && path[1] == "component";
  for (std::size_t i = below ? 2 : 0; i < path.size(); ++i) {
    if (i % 2 == 0 ? path[i] != "components" : !path[i].empty()) return false;
  }
  return true;
}

bool IsTop(const JsonPath& path, std::string_view list) {
  return path.size() == 2 && path[0] == list && path[1].empty();
}

bool IsRecord(const JsonPath& path) {
  if (path.empty() || IsComponent(path)) return true;
  if (IsTop(path, "packages") || IsTop(path, "artifacts")) return true;
  if (path.size() == 1) return path[0] == "distro";
  if (IsSubject(path)) return true;
  // Pairs that belong to the object around them.
  return EndsWith(path, "properties") || EndsWith(path, "externalRefs");
}

class Document {
 public:
  explicit Document(SbomCollector& out) : out_(out) {}

  void Take(const Record& record) {
    const JsonPath& at = record.at();
    if (at.empty()) return TakeTop(record);
    if (EndsWith(at, "properties")) {
      pairs_[at.size() - 2].emplace(record["name"], record["value"]);
    } else if (EndsWith(at, "externalRefs")) {
      if (IsPurlReference(record["referenceType"])) {
        pairs_[at.size() - 2].emplace("purl", record["referenceLocator"]);
      }
    } else if (at[0] == "distro") {
      out_.TakeSystem({SystemIdOf(record["id"]), std::string(record["versionID"]),
                       std::string(record["versionCodename"]), std::string(record["prettyName"])});
    } else {
      TakeComponent(record);
    }
  }

 private:
  void TakeTop(const Record& top) {
    const bool known = top["bomFormat"] == "CycloneDX" || top.Has("spdxVersion") ||
                       top["descriptor/name"] == "syft";
    if (known) out_.Recognise();
  }
  void TakeComponent(const Record& record) {
    const Pairs pairs = std::exchange(pairs_[record.at().size()], {});
    Component component{.kind = std::string(record["type"]),
                        .name = std::string(record["name"]),
                        .version = std::string(record["version"]),
                        .purl = std::string(record["purl"])};
    TakePairs(pairs, component);
    if (component.module.empty()) component.module = record["metadata/modularityLabel"];
    if (record.at()[0] == "packages") {
      component.version = record["versionInfo"];
      const auto purl = pairs.find("purl");
      if (purl != pairs.end()) component.purl = purl->second;
      TakeSourceInfo(record["sourceInfo"], component);
      if (record["primaryPackagePurpose"] == "OPERATING-SYSTEM")
        component.kind = "operating-system";
      if (record["primaryPackagePurpose"] == "FILE") component.kind = "file";
    }
    if (record.at()[0] == "artifacts") component.kind.clear();
    IsSubject(record.at()) ? out_.TakeSubject(component) : out_.Take(component);
  }

  SbomCollector& out_;
  // Of the objects that are open, by the number of keys above them.
  std::map<std::size_t, Pairs> pairs_;
};

}  // namespace

Status ReadSbomJson(std::string_view text, SbomCollector& out) {
  Document document(out);
  RecordVisitor visitor(
      IsRecord,
      {"bomFormat", "spdxVersion", "descriptor/name", "type", "name", "version", "purl", "value",
       "versionInfo", "primaryPackagePurpose", "sourceInfo", "referenceType", "referenceLocator",
       "id", "versionID", "versionCodename", "prettyName", "metadata/modularityLabel"},
      [&](const Record& record) { document.Take(record); });
  return StreamJson(text, visitor, kMaxLockDepth);
}

}  // namespace landwaiter::packages
