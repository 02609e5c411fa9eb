// VEX: statements of whoever made something about which vulnerabilities touch it. Read from
// documents that a person has chosen to believe; one inside an image itself is never looked at.
//
// OpenVEX 0.2.0 (and 0.0.1), CSAF 2.0 profile 5 "VEX", CycloneDX 1.4 to 1.6 with `vulnerabilities`.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/digest.h"
#include "lib/base/result.h"
#include "model/finding.h"
#include "model/image_reference.h"
#include "model/inventory.h"

namespace landwaiter::matching {

/// The four of CISA's "Minimum Requirements for VEX".
enum class VexStatus { kNotAffected, kAffected, kFixed, kUnderInvestigation };
std::string_view VexStatusName(VexStatus status);  // "not_affected", …

struct VexStatement {
  std::vector<std::string> ids;  // the vulnerability's, aliases too
  VexStatus status = VexStatus::kAffected;
  /// A package URL: of the package itself, or of an image (pkg:oci, pkg:docker) that holds it.
  std::string product;
  /// Of an image: the packages in it that are meant; empty for all.
  std::vector<std::string> subcomponents = {};
  /// Of the package's operating system, "9" or "15"; "" for any.
  std::string release = {};
  std::string justification = {};  // "vulnerable_code_not_present", or the author's own words
  std::string source = {};         // the document's identifier, or where it was read
  std::string time = {};           // RFC 3339, "" where it says none
};

struct VexDocument {
  std::string id;  // its own identifier; "" where it has none
  std::vector<VexStatement> statements;
  /// Statements about products that no package URL names: they can match nothing.
  std::uint64_t without_purl = 0;
};

/// `source`: said of its statements where the document has no identifier.
/// Errors: InvalidArgument for what is no VEX document or breaks its format, naming the field;
/// ResourceExhausted beyond the bounds below.
Result<VexDocument> ParseVex(std::string_view json, const std::string& source);

inline constexpr std::size_t kMaxVexBytes = 64u << 20;
inline constexpr std::size_t kMaxVexStatements = 500'000;
inline constexpr std::size_t kMaxVexIds = 64;
inline constexpr std::size_t kMaxSubcomponents = 10'000;

/// What an image is known by, for statements about whole images.
struct VexImage {
  std::vector<Digest> digests;  // of index, manifest, configuration
  std::vector<ImageReference> references;
};

/// A finding that a statement says does not count.
struct SuppressedFinding {
  Finding finding;
  VexStatus status = VexStatus::kNotAffected;
  std::string justification;
  std::string source;
  friend bool operator==(const SuppressedFinding&, const SuppressedFinding&) = default;
};

/// The statements of all documents, by vulnerability.
class VexBook {
 public:
  void Add(VexDocument document);
  bool empty() const { return by_id_.empty(); }
  /// The statement that speaks of this finding: the latest, of those of one time the last that was
  /// added. Null where there is none.
  const VexStatement* Find(const Finding& finding, const VexImage& image) const;

 private:
  std::vector<VexStatement> statements_;
  std::multimap<std::string, std::size_t> by_id_;  // ids in lower case
};

/// Takes those findings out that the book says are not affected or fixed; the order of the others
/// stays. A statement that something is affected or looked into changes nothing.
std::vector<SuppressedFinding> ApplyVex(const VexBook& book, const VexImage& image,
                                        std::vector<Finding>& findings);

}  // namespace landwaiter::matching
