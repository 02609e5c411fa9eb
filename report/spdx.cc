// SPDX 2.3 as JSON (spdx.github.io/spdx-spec/v2.3): what the image holds, with its licences. It has
// no place for what is wrong with it.
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

#include "lib/base/text.h"
#include "report/facts.h"
#include "report/json_writer.h"
#include "report/licenses.h"
#include "report/rows.h"
#include "report/summary.h"

namespace landwaiter::report {
namespace {

using nlohmann::json;

constexpr std::string_view kImageId = "SPDXRef-Image";

bool IsLocator(std::string_view text) {
  return !text.empty() && text.find_first_of(" \t\r\n") == std::string_view::npos &&
         text::Printable(text) == text;
}

class Spdx {
 public:
  Spdx(const ScanReport& report, std::ostream& out) : report_(report), out_(out) {
    for (const Inventory& inventory : report.inventory.platforms) {
      ids_.push_back(ComponentIds(inventory));
    }
  }

  void Write() {
    out_.BeginObject();
    out_.String("spdxVersion", "SPDX-2.3");
    out_.String("dataLicense", "CC0-1.0");
    out_.String("SPDXID", "SPDXRef-DOCUMENT");
    out_.String("name", text::Printable(NameOf(report_)));
    out_.String("documentNamespace", "https://landwaiter.io/spdx/" +
                                         PercentEncode(report_.inventory.digest.ToString()) + "-" +
                                         UuidOf("spdx\n" + SeedOf(report_)));
    out_.Value("creationInfo",
               {{"created", DateOf(report_)},
                {"creators", {"Tool: landwaiter-" LANDWAITER_VERSION}},
                {"comment", IsComplete(report_) ? "everything was read"
                                                : "not everything could be read, see comments"}});
    out_.Key("packages");
    out_.BeginArray();
    WriteImage();
    for (std::size_t i = 0; i < ids_.size(); ++i) WritePackages(i);
    out_.EndArray();
    WriteLicenseTexts();
    WriteRelationships();
    out_.EndObject();
    out_.Finish();
  }

 private:
  std::string Id(std::size_t platform, std::string_view id) const {
    return "SPDXRef-" + (ids_.size() > 1 ? "Platform-" + std::to_string(platform) + "-" : "") +
           "Package-" + std::string(id);
  }

  void WriteImage() {
    const Digest& digest = report_.inventory.digest;
    std::string comment;
    for (std::size_t i = 0; i < ids_.size(); ++i) {
      for (const Coverage& line : AllCoverage(report_, i)) {
        if (line.state == CoverageState::kRead) continue;
        comment += (comment.empty() ? "not read: " : "; ") + line.source + " is " +
                   std::string(CoverageStateName(line.state)) + ": " + line.reason;
      }
    }
    out_.BeginObject();
    out_.String("SPDXID", kImageId);
    out_.String("name", text::Printable(NameOf(report_)));
    out_.String("versionInfo", digest.ToString());
    out_.String("primaryPackagePurpose", "CONTAINER");
    out_.String("downloadLocation", "NOASSERTION");
    out_.Value("filesAnalyzed", false);
    if (digest.Algorithm() == "sha256") {
      out_.Value("checksums", {{{"algorithm", "SHA256"}, {"checksumValue", digest.Hex()}}});
    }
    if (!comment.empty()) out_.String("comment", text::Printable(comment));
    WriteReferences(ImagePurl(report_), {});
    out_.String("licenseConcluded", "NOASSERTION");
    out_.String("licenseDeclared", "NOASSERTION");
    out_.String("copyrightText", "NOASSERTION");
    out_.EndObject();
  }

  void WriteReferences(std::string_view purl, std::string_view cpe) {
    out_.Key("externalRefs");
    out_.BeginArray();
    const auto reference = [&](std::string_view category, std::string_view type,
                               std::string_view locator) {
      if (!IsLocator(locator)) return;
      out_.BeginObject();
      out_.String("referenceCategory", category);
      out_.String("referenceType", type);
      out_.String("referenceLocator", locator);
      out_.EndObject();
    };
    reference("PACKAGE-MANAGER", "purl", purl);
    reference("SECURITY", "cpe23Type", cpe);
    out_.EndArray();
  }

  void WritePackages(std::size_t platform) {
    const Inventory& inventory = report_.inventory.platforms[platform];
    for (std::size_t i = 0; i < inventory.packages.size(); ++i) {
      const Package& package = inventory.packages[i];
      out_.BeginObject();
      out_.String("SPDXID", Id(platform, ids_[platform][i]));
      out_.String("name", text::Printable(package.name));
      out_.String("versionInfo", text::Printable(package.version));
      out_.String("supplier", package.vendor.empty()
                                  ? "NOASSERTION"
                                  : "Organization: " + Organization(package.vendor));
      out_.String("downloadLocation", "NOASSERTION");
      out_.Value("filesAnalyzed", false);
      out_.String("sourceInfo", SourceInfo(inventory, package));
      WriteReferences(package.purl, package.cpe);
      const std::string licenses = LicenseExpressionOf(package.licenses, texts_);
      out_.String("licenseConcluded", "NOASSERTION");
      out_.String("licenseDeclared", licenses.empty() ? "NOASSERTION" : licenses);
      out_.String("copyrightText", "NOASSERTION");
      out_.EndObject();
    }
  }

  /// What stands in brackets behind a name is read as an address.
  static std::string Organization(std::string_view vendor) {
    std::string name = text::Printable(vendor);
    for (char& c : name) {
      if (c == '(') c = '[';
      if (c == ')') c = ']';
    }
    return name;
  }

  static std::string SourceInfo(const Inventory& inventory, const Package& package) {
    std::string info = "found by " + package.found_by;
    if (!package.path.empty()) info += " in " + package.path;
    if (!package.within.empty()) info += "!/" + package.within;
    const std::string layer = LayerDigest(inventory, package.layer);
    if (!layer.empty()) info += ", layer " + layer;
    if (!package.source_name.empty() && package.source_name != package.name) {
      info += ", built from " + package.source_name + " " + package.source_version;
    }
    return text::Printable(info) + ", " + inventory.platform.ToString();
  }

  void WriteLicenseTexts() {
    if (texts_.empty()) return;
    out_.Key("hasExtractedLicensingInfos");
    out_.BeginArray();
    for (const auto& [reference, text] : texts_) {
      out_.BeginObject();
      out_.String("licenseId", reference);
      out_.String("extractedText", text::Printable(text));
      out_.String("name", text::Printable(text));
      out_.EndObject();
    }
    out_.EndArray();
  }

  void WriteRelationships() {
    out_.Key("relationships");
    out_.BeginArray();
    const auto relate = [&](std::string_view from, std::string_view type, std::string_view to) {
      out_.BeginObject();
      out_.String("spdxElementId", from);
      out_.String("relationshipType", type);
      out_.String("relatedSpdxElement", to);
      out_.EndObject();
    };
    relate("SPDXRef-DOCUMENT", "DESCRIBES", kImageId);
    for (std::size_t p = 0; p < ids_.size(); ++p) {
      for (const std::string& id : ids_[p]) relate(kImageId, "CONTAINS", Id(p, id));
    }
    out_.EndArray();
  }

  const ScanReport& report_;
  JsonWriter out_;
  std::vector<std::vector<std::string>> ids_;  // of each platform's packages
  std::map<std::string, std::string> texts_;   // LicenseRef-… -> what was recorded
};

}  // namespace

Format SpdxFormat() {
  return {"spdx", "SPDX 2.3 as JSON",
          [](const ScanReport& report, const TableOptions&, std::ostream& out) {
            Spdx(report, out).Write();
          }};
}

}  // namespace landwaiter::report
