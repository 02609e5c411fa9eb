// CycloneDX in XML (its schema bom-1.x.xsd), and SPDX tag-value (SPDX 2.3, "Conformance: tag-value
// format"): "Tag: value" lines, long texts between <text> and </text>.
#include <cstring>
#include <utility>
#include <vector>

#include "lib/base/text.h"
#include "scanner/packages/locks/xml_events.h"
#include "scanner/packages/sbom/collector.h"

namespace landwaiter::packages {
namespace {

std::string_view Attribute(const char* const* attributes, const char* name) {
  for (; *attributes != nullptr; attributes += 2) {
    if (std::strcmp(*attributes, name) == 0) return attributes[1];
  }
  return {};
}

// bom/components/component, nested.
bool IsComponent(const XmlPath& path) {
  if (path.size() < 3 || path.size() % 2 == 0 || path[0] != "bom") return false;
  for (std::size_t i = 1; i < path.size(); ++i) {
    if (path[i] != (i % 2 == 1 ? "components" : "component")) return false;
  }
  return true;
}

class CycloneDx final : public XmlVisitor {
 public:
  explicit CycloneDx(SbomCollector& out) : out_(out) {}

  void Begin(const XmlPath& path, const char* const* attributes) override {
    if (path.size() == 1 && path[0] == "bom" &&
        Attribute(attributes, "xmlns").find("cyclonedx.org") != std::string_view::npos) {
      out_.Recognise();
    }
    if (IsComponent(path)) {
      open_.push_back({path.size(), {.kind = std::string(Attribute(attributes, "type"))}});
    }
  }
  void End(const XmlPath& path, std::string_view text) override {
    if (open_.empty()) return;
    const std::size_t depth = open_.back().first;
    Component& component = open_.back().second;
    const std::string& last = path.back();
    if (path.size() == depth) {
      out_.Take(component);
      open_.pop_back();
    } else if (path.size() == depth + 1) {
      if (last == "name") component.name = text;
      if (last == "version") component.version = text;
      if (last == "purl") component.purl = text;
    }
  }

 private:
  SbomCollector& out_;
  std::vector<std::pair<std::size_t, Component>> open_;  // by the size of their paths
};

std::string_view ValueOf(std::string_view line, std::string_view tag) {
  if (!line.starts_with(tag) || line.size() <= tag.size() || line[tag.size()] != ':') return {};
  return text::Trim(line.substr(tag.size() + 1));
}

}  // namespace

Status ReadSbomXml(std::string_view text, SbomCollector& out) {
  CycloneDx visitor(out);
  return StreamXml(text, visitor);
}

void ReadSpdxTagValue(std::string_view text, SbomCollector& out) {
  Component component;
  bool open = false;
  bool in_text = false;
  const auto finish = [&] {
    if (open) out.Take(component);
    component = {};
    open = false;
  };
  Lines lines(text);
  while (const auto next = lines.Next()) {
    const std::string_view line = text::Trim(*next);
    if (in_text) {
      in_text = line.find("</text>") == std::string_view::npos;
      continue;
    }
    in_text = line.find("<text>") != std::string_view::npos &&
              line.find("</text>") == std::string_view::npos;
    if (ValueOf(line, "SPDXVersion").starts_with("SPDX-")) out.Recognise();
    if (line.starts_with("PackageName:")) {
      finish();
      open = true;
    } else if (line.starts_with("FileName:") || line.starts_with("SnippetSPDXID:")) {
      finish();
    } else if (ValueOf(line, "PrimaryPackagePurpose") == "OPERATING-SYSTEM") {
      component.kind = "operating-system";
    }
    if (const auto name = ValueOf(line, "PackageName"); !name.empty()) component.name = name;
    if (const auto version = ValueOf(line, "PackageVersion"); !version.empty()) {
      component.version = version;
    }
    TakeSourceInfo(ValueOf(line, "PackageSourceInfo"), component);
    const std::string_view reference = ValueOf(line, "ExternalRef");
    const auto purl = reference.find(" purl ");
    if (purl != std::string_view::npos) component.purl = text::Trim(reference.substr(purl + 6));
  }
  finish();
}

}  // namespace landwaiter::packages
