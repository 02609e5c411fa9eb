// CycloneDX with `vulnerabilities` (1.4 to 1.6): analysis.state of each, for the components that
// affects[].ref names by bom-ref, by package URL or by BOM-Link
// (https://cyclonedx.org/capabilities/bomlink/). Of a document about an image
// (metadata.component) each word is about that image, as the finding was made in it.
#include <map>
#include <optional>

#include "scanner/matching/vex/readers.h"

namespace landwaiter::matching::vex {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxComponents = 200'000;
constexpr int kMaxNesting = 32;

using PurlsByRef = std::map<std::string, std::string>;

Status Collect(const json& component, int depth, PurlsByRef& purls) {
  if (!component.is_object()) return Ok();
  if (depth > kMaxNesting) return ResourceExhausted("components are nested too deep");
  if (purls.size() >= kMaxComponents) {
    return ResourceExhausted("more than " + std::to_string(kMaxComponents) + " components");
  }
  const std::string ref = TextAt(component, "bom-ref");
  const std::string purl = TextAt(component, "purl");
  if (!ref.empty() && !purl.empty()) purls[ref] = purl;
  auto parts = ListAt(component, "components");
  if (!parts) return parts.error();
  for (const json& part : **parts) {
    if (Status read = Collect(part, depth + 1, purls); !read) return read;
  }
  return Ok();
}

/// nullopt for a state that says nothing of what counts.
std::optional<VexStatus> StatusOf(const std::string& state) {
  if (state == "not_affected" || state == "false_positive") return VexStatus::kNotAffected;
  if (state == "resolved" || state == "resolved_with_pedigree") return VexStatus::kFixed;
  if (state == "exploitable") return VexStatus::kAffected;
  if (state == "in_triage") return VexStatus::kUnderInvestigation;
  return std::nullopt;
}

std::string ProductOf(const std::string& ref, const PurlsByRef& purls) {
  const auto found = purls.find(ref);
  if (found != purls.end()) return found->second;
  if (ref.starts_with("pkg:")) return ref;
  // urn:cdx:SERIAL/VERSION#REF: of this document or of the one that it speaks of.
  const std::size_t mark = ref.find('#');
  if (!ref.starts_with("urn:cdx:") || mark == std::string::npos) return ref;
  return ProductOf(ref.substr(mark + 1), purls);
}

/// What the document is about.
struct Subject {
  bool is_image = false;
  std::string ref;
  std::string purl;  // "" for an image that nothing tells from others
};

Subject SubjectOf(const json& component) {
  Subject subject{TextAt(component, "type", 64) == "container", TextAt(component, "bom-ref"),
                  TextAt(component, "purl")};
  subject.is_image = subject.is_image || subject.purl.starts_with("pkg:oci/") ||
                     subject.purl.starts_with("pkg:docker/");
  return subject;
}

Status ReadVulnerability(const json& vulnerability, const PurlsByRef& purls, const Subject& subject,
                         const std::string& time, VexDocument& out) {
  const json& analysis = At(vulnerability, "analysis");
  const std::string state = TextAt(analysis, "state", 64);
  if (state.empty()) return Ok();  // a finding, not a word about it
  const auto status = StatusOf(state);
  if (!status) return InvalidArgument("analysis.state '" + Words(state) + "' is unknown");
  VexStatement read;
  read.status = *status;
  const std::string id = TextAt(vulnerability, "id", 128);
  if (id.empty()) return InvalidArgument("id is missing");
  read.ids.push_back(id);
  auto references = ListAt(vulnerability, "references");
  if (!references) return references.error();
  for (const json& reference : **references) {
    const std::string alias = TextAt(reference, "id", 128);
    if (!alias.empty() && read.ids.size() < kMaxVexIds) read.ids.push_back(alias);
  }
  read.justification = Words(TextAt(analysis, "justification"));
  const std::string detail = Words(TextAt(analysis, "detail"));
  if (!detail.empty()) {
    read.justification += (read.justification.empty() ? "" : ": ") + detail;
  }
  read.time = time;
  for (const char* field : {"firstIssued", "lastUpdated"}) {
    if (const std::string own = TextAt(analysis, field, 64); !own.empty()) read.time = own;
  }
  auto affects = ListAt(vulnerability, "affects");
  if (!affects) return affects.error();
  for (const json& affected : **affects) {
    VexStatement one = read;
    one.product = ProductOf(TextAt(affected, "ref"), purls);
    if (subject.is_image && one.product != subject.purl && one.product != subject.ref) {
      one.subcomponents = {one.product};
      one.product = subject.purl;
    }
    if (Status added = Add(std::move(one), out); !added) return added;
  }
  return Ok();
}

}  // namespace

Status ReadCycloneDxVex(const json& document, VexDocument& out) {
  out.id = Words(TextAt(document, "serialNumber"));
  const std::string time = TextAt(At(document, "metadata"), "timestamp", 64);
  const Subject subject = SubjectOf(At(At(document, "metadata"), "component"));
  PurlsByRef purls;
  if (Status read = Collect(At(At(document, "metadata"), "component"), 0, purls); !read)
    return read;
  if (Status read = Collect(document, 0, purls); !read) return read;
  auto list = ListAt(document, "vulnerabilities");
  if (!list) return list.error();
  for (std::size_t i = 0; i < (*list)->size(); ++i) {
    if (Status read = ReadVulnerability((**list)[i], purls, subject, time, out); !read) {
      return Error(read.error()).Context("vulnerabilities[" + std::to_string(i) + "]");
    }
  }
  return Ok();
}

}  // namespace landwaiter::matching::vex
