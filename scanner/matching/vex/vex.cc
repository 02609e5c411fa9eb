#include "scanner/matching/vex/vex.h"

#include <algorithm>

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "scanner/advisories/feeds/purl_parts.h"
#include "scanner/matching/vex/readers.h"

namespace landwaiter::matching {

using advisories::ParsePurl;
using advisories::PurlParts;
using nlohmann::json;

namespace vex {

const json& At(const json& object, const char* field) {
  static const json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(field);
  return found == object.end() ? kNull : *found;
}

Result<const json*> ListAt(const json& object, const char* field) {
  static const json kEmpty = json::array();
  const json& value = At(object, field);
  if (value.is_null()) return &kEmpty;
  if (!value.is_array()) return InvalidArgument(std::string(field) + " is no list");
  return &value;
}

std::string TextAt(const json& object, const char* field, std::size_t most) {
  const json& value = At(object, field);
  if (!value.is_string()) return {};
  return text::Truncate(value.get_ref<const std::string&>(), most);
}

std::string Words(const std::string& text) { return text::Printable(text::Truncate(text, 400)); }

Status Add(VexStatement statement, VexDocument& out) {
  if (!statement.product.starts_with("pkg:")) {
    ++out.without_purl;
    return Ok();
  }
  if (out.statements.size() >= kMaxVexStatements) {
    return ResourceExhausted("more than " + std::to_string(kMaxVexStatements) + " statements");
  }
  out.statements.push_back(std::move(statement));
  return Ok();
}

}  // namespace vex

namespace {

constexpr std::size_t kMaxDepthOfDocument = 64;
constexpr std::size_t kMaxValuesOfDocument = 5'000'000;

bool IsOpenVex(const json& document) {
  return vex::TextAt(document, "@context").find("openvex") != std::string::npos;
}
bool IsCsaf(const json& document) {
  return vex::TextAt(vex::At(document, "document"), "category") == "csaf_vex";
}
bool IsCycloneDx(const json& document) { return vex::TextAt(document, "bomFormat") == "CycloneDX"; }

struct Format {
  bool (*is)(const json&);
  Status (*read)(const json&, VexDocument&);
};
constexpr Format kFormats[] = {
    {IsOpenVex, vex::ReadOpenVex},
    {IsCsaf, vex::ReadCsafVex},
    {IsCycloneDx, vex::ReadCycloneDxVex},
};

bool IsImage(const PurlParts& purl) { return purl.type == "oci" || purl.type == "docker"; }

/// Qualifiers that the statement writes must be the package's; what it leaves out is any. An
/// architecture or a distribution so narrows a statement, a checksum or a file's name does not.
bool QualifiersFit(const PurlParts& said, const PurlParts& installed) {
  for (const char* key : {"arch", "distro", "epoch", "type", "classifier"}) {
    const auto wanted = said.Qualifier(key);
    if (!wanted.empty() && wanted != installed.Qualifier(key)) return false;
  }
  return true;
}

/// "9" is release 9 and 9.4 of "rhel-9.4", not release 90.
bool ReleaseFits(std::string_view wanted, const PurlParts& installed) {
  if (wanted.empty()) return true;
  const std::string_view distro = installed.Qualifier("distro");
  const std::size_t dash = distro.rfind('-');
  if (dash == std::string_view::npos) return false;
  const std::string_view release = distro.substr(dash + 1);
  return release.starts_with(wanted) &&
         (release.size() == wanted.size() || release[wanted.size()] == '.');
}

/// Whether what a statement says of `said` is said of the installed package.
bool IsAbout(std::string_view said, const PurlParts& installed) {
  const auto purl = ParsePurl(said);
  return purl && purl->type == installed.type && purl->name_space == installed.name_space &&
         purl->name == installed.name &&
         (purl->version.empty() || purl->version == installed.version) &&
         QualifiersFit(*purl, installed);
}

/// pkg:oci/cart@sha256:…?repository_url=registry.example.com/shop/cart (purl-spec, types "oci" and
/// "docker"). One that names neither a digest nor a repository would be about anybody's image.
bool IsAboutImage(const PurlParts& said, const VexImage& image) {
  std::string digest = said.version.starts_with("sha256:") ? said.version : "";
  if (!digest.empty()) {
    const auto is_it = [&](const Digest& one) { return one.ToString() == digest; };
    return std::any_of(image.digests.begin(), image.digests.end(), is_it);
  }
  std::string repository(said.Qualifier("repository_url"));
  if (repository.empty()) return false;
  const bool whole = said.type == "oci" && text::ToLower(repository).ends_with("/" + said.name);
  if (!whole) {
    if (!said.name_space.empty()) repository += "/" + said.name_space;
    repository += "/" + said.name;
  }
  std::string_view tag = said.Qualifier("tag");
  if (tag.empty()) tag = said.version;
  return std::any_of(image.references.begin(), image.references.end(),
                     [&](const ImageReference& reference) {
                       return reference.Name() == repository &&
                              (tag.empty() || (!reference.digest && reference.tag == tag));
                     });
}

bool SpeaksOf(const VexStatement& statement, const PurlParts& installed, const VexImage& image) {
  const auto product = ParsePurl(statement.product);
  if (!product || !ReleaseFits(statement.release, installed)) return false;
  if (!IsImage(*product)) {
    // Of a package that holds others, those are what is meant.
    return statement.subcomponents.empty() && IsAbout(statement.product, installed);
  }
  if (!IsAboutImage(*product, image)) return false;
  return statement.subcomponents.empty() ||
         std::any_of(statement.subcomponents.begin(), statement.subcomponents.end(),
                     [&](const std::string& part) { return IsAbout(part, installed); });
}

TimePoint TimeOf(const VexStatement& statement) {
  const auto time = ParseTime(statement.time);
  return time ? *time : TimePoint();
}

}  // namespace

std::string_view VexStatusName(VexStatus status) {
  switch (status) {
    case VexStatus::kNotAffected:
      return "not_affected";
    case VexStatus::kAffected:
      return "affected";
    case VexStatus::kFixed:
      return "fixed";
    case VexStatus::kUnderInvestigation:
      return "under_investigation";
  }
  return "";
}

Result<VexDocument> ParseVex(std::string_view text, const std::string& source) {
  auto document = ParseJson(text, {.max_bytes = kMaxVexBytes,
                                   .max_depth = kMaxDepthOfDocument,
                                   .max_values = kMaxValuesOfDocument});
  if (!document) return document.error();
  for (const Format& format : kFormats) {
    if (!format.is(*document)) continue;
    VexDocument read;
    if (Status status = format.read(*document, read); !status) return status.error();
    const std::string named = read.id.empty() ? vex::Words(source) : read.id;
    for (VexStatement& statement : read.statements) statement.source = named;
    return read;
  }
  return InvalidArgument(
      "is no VEX document: expected OpenVEX (@context), CSAF (document.category csaf_vex) or "
      "CycloneDX (bomFormat)");
}

void VexBook::Add(VexDocument document) {
  for (VexStatement& statement : document.statements) {
    for (const std::string& id : statement.ids) {
      by_id_.emplace(text::ToLower(id), statements_.size());
    }
    statements_.push_back(std::move(statement));
  }
}

const VexStatement* VexBook::Find(const Finding& finding, const VexImage& image) const {
  const auto installed = ParsePurl(finding.purl);
  if (!installed) return nullptr;
  const VexStatement* found = nullptr;
  std::size_t found_at = 0;
  const auto look = [&](const std::string& id) {
    const auto [begin, end] = by_id_.equal_range(text::ToLower(id));
    for (auto row = begin; row != end; ++row) {
      const VexStatement& statement = statements_[row->second];
      if (!SpeaksOf(statement, *installed, image)) continue;
      const bool later = found == nullptr || TimeOf(statement) > TimeOf(*found) ||
                         (TimeOf(statement) == TimeOf(*found) && row->second >= found_at);
      if (!later) continue;
      found = &statement;
      found_at = row->second;
    }
  };
  look(finding.id);
  for (const std::string& alias : finding.aliases) look(alias);
  return found;
}

std::vector<SuppressedFinding> ApplyVex(const VexBook& book, const VexImage& image,
                                        std::vector<Finding>& findings) {
  std::vector<SuppressedFinding> suppressed;
  if (book.empty()) return suppressed;
  std::vector<Finding> kept;
  for (Finding& finding : findings) {
    const VexStatement* said = book.Find(finding, image);
    const bool counts = said == nullptr || said->status == VexStatus::kAffected ||
                        said->status == VexStatus::kUnderInvestigation;
    if (counts) {
      kept.push_back(std::move(finding));
    } else {
      suppressed.push_back({std::move(finding), said->status, said->justification, said->source});
    }
  }
  findings = std::move(kept);
  return suppressed;
}

}  // namespace landwaiter::matching
