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

// "xmlns", or "xmlns:PREFIX" where the elements have one.
bool IsCycloneDx(const char* const* attributes) {
  for (; *attributes != nullptr; attributes += 2) {
    const bool space = std::string_view(attributes[0]).starts_with("xmlns");
    if (space && std::string_view(attributes[1]).find("cyclonedx.org") != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

bool IsSubject(const XmlPath& path) {
  return path.size() == 3 && path[0] == "bom" && path[1] == "metadata" && path[2] == "component";
}

// bom/components/component, nested, also in what the document is about.
bool IsComponent(const XmlPath& path) {
  if (path.size() < 3 || path.size() % 2 == 0 || path[0] != "bom") return false;
  const bool below = path.size() > 3 && path[1] == "metadata" && path[2] == "component";
  for (std::size_t i = below ? 3 : 1; i < path.size(); ++i) {
    if (path[i] != (i % 2 == 1 ? "components" : "component")) return false;
  }
  return true;
}

class CycloneDx final : public XmlVisitor {
 public:
  explicit CycloneDx(SbomCollector& out) : out_(out) {}

  void Begin(const XmlPath& path, const char* const* attributes) override {
    if (path.size() == 1 && path[0] == "bom" && IsCycloneDx(attributes)) out_.Recognise();
    if (IsComponent(path) || IsSubject(path)) {
      Component component{.kind = std::string(Attribute(attributes, "type"))};
      open_.push_back({path.size(), std::move(component), {}});
    }
    if (path.back() == "property") property_ = Attribute(attributes, "name");
  }
  void End(const XmlPath& path, std::string_view text) override {
    if (open_.empty()) return;
    Open& open = open_.back();
    const std::string& last = path.back();
    if (path.size() == open.depth) {
      TakePairs(open.pairs, open.component);
      IsSubject(path) ? out_.TakeSubject(open.component) : out_.Take(open.component);
      open_.pop_back();
    } else if (path.size() == open.depth + 1) {
      if (last == "name") open.component.name = text;
      if (last == "version") open.component.version = text;
      if (last == "purl") open.component.purl = text;
    } else if (path.size() == open.depth + 2 && last == "property") {
      open.pairs.emplace(property_, text);
    }
  }

 private:
  struct Open {
    std::size_t depth = 0;  // the size of its path
    Component component;
    Pairs pairs;
  };

  SbomCollector& out_;
  std::vector<Open> open_;
  std::string property_;  // the name of the one that began last
};

std::string_view ValueOf(std::string_view line, std::string_view tag) {
  if (!line.starts_with(tag) || line.size() <= tag.size() || line[tag.size()] != ':') return {};
  return text::Trim(line.substr(tag.size() + 1));
}

// Of "CATEGORY TYPE LOCATOR"; "" where it is none.
std::string_view PurlOf(std::string_view reference) {
  const auto type = reference.find(' ');
  const auto locator = reference.find(' ', type + 1);
  if (type == std::string_view::npos || locator == std::string_view::npos) return {};
  const bool purl = IsPurlReference(reference.substr(type + 1, locator - type - 1));
  return purl ? text::Trim(reference.substr(locator)) : std::string_view();
}

}  // namespace

Status ReadSbomXml(std::string_view text, SbomCollector& out) {
  CycloneDx visitor(out);
  return StreamXml(text, visitor);
}

Status ReadSpdxTagValue(std::string_view text, SbomCollector& out) {
  Component component;
  bool open = false;
  std::size_t in_text = 0;  // the line that began it
  const auto finish = [&] {
    if (open) out.Take(component);
    component = {};
    open = false;
  };
  Lines lines(text);
  while (const auto next = lines.Next()) {
    const std::string_view line = text::Trim(*next);
    const bool ends = line.find("</text>") != std::string_view::npos;
    if (in_text > 0) {
      if (ends) in_text = 0;
      continue;
    }
    if (line.find("<text>") != std::string_view::npos && !ends) in_text = lines.number();
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
    if (const auto purl = PurlOf(ValueOf(line, "ExternalRef")); !purl.empty())
      component.purl = purl;
  }
  finish();
  if (in_text > 0) {
    return InvalidArgument("line " + std::to_string(in_text) + " begins a <text> without an end");
  }
  return Ok();
}

}  // namespace landwaiter::packages
