// Ubuntu's OpenVEX documents (https://security-metadata.canonical.com/vex/; OpenVEX 0.2.0): for
// each CVE and source package of each release whether it is affected. The version of a product is
// the one that the archive holds, not the one that mended it, so that:
//  - "fixed" says that this version and those above it are not affected, and no more,
//  - "not_affected" says it of all versions,
//  - "affected" and "under_investigation" speak of versions up to this one. The action statement
//    tells whether a fix will come.
// Fixed versions come with Ubuntu's OSV records: this feed goes with that one.
#include "lib/base/text.h"
#include "scanner/advisories/code_names.h"
#include "scanner/advisories/feeds/document.h"
#include "scanner/advisories/feeds/make_row.h"
#include "scanner/advisories/feeds/purl_parts.h"
#include "scanner/advisories/feeds/readers.h"
#include "scanner/advisories/ids.h"
#include "scanner/advisories/limits.h"

namespace landwaiter::advisories {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMaxStatements = 10'000;
/// A kernel CVE names some 50,000 binaries of each release.
constexpr std::size_t kMaxProducts = 2'000'000;
constexpr std::size_t kMaxPurlTextBytes = 4096;
constexpr std::size_t kMaxWordBytes = 64;
constexpr std::size_t kMaxProseBytes = 1u << 20;

/// Where Pro keeps its packages, and what OSV calls that.
struct Stream {
  std::string_view name;
  std::string_view ecosystem;
};
constexpr Stream kStreams[] = {
    {"esm-infra", "Ubuntu:Pro:"},
    {"esm-apps", "Ubuntu:Pro:"},
    {"esm-infra-legacy", "Ubuntu:Pro:"},
    {"esm", "Ubuntu:Pro:"},
    {"fips", "Ubuntu:Pro:FIPS:"},
    {"fips-updates", "Ubuntu:Pro:FIPS-updates:"},
    {"fips-preview", "Ubuntu:Pro:FIPS-preview:"},
    {"realtime", "Ubuntu:Pro:Realtime:"},
};

/// "jammy" → "Ubuntu:22.04:LTS", "esm-infra/xenial" → "Ubuntu:Pro:16.04:LTS"; "" for others.
std::string EcosystemOfDistro(std::string_view distro) {
  const std::size_t slash = distro.find('/');
  if (slash == std::string_view::npos) {
    const std::string_view release = UbuntuRelease(distro);
    return release.empty() ? "" : "Ubuntu:" + std::string(release);
  }
  const std::string_view release = UbuntuRelease(distro.substr(slash + 1));
  if (release.empty()) return {};
  for (const Stream& stream : kStreams) {
    if (stream.name == distro.substr(0, slash)) {
      return std::string(stream.ecosystem) + std::string(release);
    }
  }
  return {};
}

/// In the words of Canonical's own statements.
FindingState StateOf(std::string_view status, std::string_view action) {
  if (status == "under_investigation") return FindingState::kUnderInvestigation;
  if (action.find("no longer supported") != std::string_view::npos) return FindingState::kEndOfLife;
  if (action.find("decided to not fix") != std::string_view::npos) return FindingState::kWillNotFix;
  return FindingState::kAffected;
}

struct Statement {
  std::string_view status;
  FindingState state = FindingState::kAffected;
};

Result<StagedPackage> MakeStatedRow(const Statement& statement, const std::string& ecosystem,
                                    const PurlParts& product) {
  if (Status named = CheckPackageName(product.name); !named) return std::move(named).error();
  if (statement.status == "not_affected") {
    return MakeRow(ecosystem, product.name, Everything(), Claim::kNotAffected);
  }
  if (Status valid = CheckVersion(ecosystem, product.version); !valid) {
    return std::move(valid).error();
  }
  if (statement.status == "fixed") {
    return MakeRow(ecosystem, product.name, From(product.version), Claim::kNotAffected);
  }
  Range range = Everything();
  range.events.push_back({EventKind::kLastAffected, product.version});
  StagedPackage row = MakeRow(ecosystem, product.name, std::move(range));
  row.affected.unfixed_state = statement.state;
  return row;
}

class UbuntuVexFeed final : public DocumentReader {
  Status Read(std::string_view /*name*/, std::string_view bytes, FeedSink& sink) override {
    auto record = ReadDocument(bytes);
    return record ? sink.Put(*std::move(record)) : sink.Broken(std::move(record).error());
  }

  Result<StagedRecord> ReadDocument(std::string_view bytes) {
    const auto root = parser_.ParseObject(bytes);
    if (!root) return root.error();
    const FieldPath path;
    const auto statements = OptionalArray(*root, "statements", path, kMaxStatements);
    if (!statements) return statements.error();
    const FieldPath list = path.Child("statements");
    if (!statements->has_value()) return Missing(list);
    StagedRecord record;
    std::size_t index = 0;
    for (const dom::element element : **statements) {
      const FieldPath item = list.Item(index++);
      dom::object statement;
      if (element.get_object().get(statement) != simdjson::SUCCESS) {
        return WrongType(item, element, "an object");
      }
      if (Status status = ReadStatement(statement, item, &record); !status) return status.error();
    }
    if (record.advisory.id.empty()) return InvalidArgument("names no vulnerability");
    const auto time = LooseText(*root, "timestamp");
    if (time) record.advisory.modified = text::Printable(text::Truncate(*time, kMaxWordBytes));
    return record;
  }

  static Status ReadStatement(const dom::object& statement, const FieldPath& path,
                              StagedRecord* record) {
    const auto vulnerability = OptionalObject(statement, "vulnerability", path);
    if (!vulnerability) return vulnerability.error();
    const FieldPath vulnerability_path = path.Child("vulnerability");
    if (!vulnerability->has_value()) return Missing(vulnerability_path);
    const auto id = RequiredText(**vulnerability, "name", vulnerability_path, kMaxIdBytes);
    if (!id) return id.error();
    if (Status status = NameRecord(*id, **vulnerability, vulnerability_path, record); !status) {
      return status;
    }
    const auto status = RequiredText(statement, "status", path, kMaxWordBytes);
    if (!status) return status.error();
    for (const std::string_view known :
         {"fixed", "not_affected", "affected", "under_investigation"}) {
      if (known != *status) continue;
      const auto action = OptionalText(statement, "action_statement", path, kMaxProseBytes);
      if (!action) return action.error();
      return ReadProducts(statement, path,
                          {*status, StateOf(*status, action->value_or(std::string_view()))},
                          record);
    }
    return InvalidArgument("field " + path.Child("status").ToString() + ": is " +
                           text::JsonQuote(*status) + ", which is no status of OpenVEX");
  }

  static Status NameRecord(std::string_view id, const dom::object& vulnerability,
                           const FieldPath& path, StagedRecord* record) {
    if (record->advisory.id == "UBUNTU-" + std::string(id)) return Ok();
    if (!record->advisory.id.empty() || !IsId("UBUNTU-" + std::string(id))) {
      return InvalidArgument("field " + path.Child("name").ToString() + ": is " +
                             text::JsonQuote(id) + ", expected one id in a document");
    }
    *record = RecordOfCve("UBUNTU-", id, "ubuntu-vex");
    record->part = "vex";
    record->adds = true;
    record->advisory.url = "https://ubuntu.com/security/" + std::string(id);
    record->advisory.title =
        TitleOf(LooseText(vulnerability, "description").value_or(std::string_view()));
    return Ok();
  }

  static Status ReadProducts(const dom::object& statement, const FieldPath& path,
                             const Statement& stated, StagedRecord* record) {
    const auto products = OptionalArray(statement, "products", path, kMaxProducts);
    if (!products) return products.error();
    if (!products->has_value()) return Ok();
    const FieldPath list = path.Child("products");
    std::size_t index = 0;
    for (const dom::element element : **products) {
      const FieldPath item = list.Item(index++);
      dom::object product;
      if (element.get_object().get(product) != simdjson::SUCCESS) {
        return WrongType(item, element, "an object");
      }
      const auto purl = RequiredText(product, "@id", item, kMaxPurlTextBytes);
      if (!purl) return purl.error();
      const auto parts = ParsePurl(*purl);
      const bool source = parts && parts->Qualifier("arch") == "source";
      const std::string ecosystem = source ? EcosystemOfDistro(parts->Qualifier("distro")) : "";
      if (ecosystem.empty()) continue;
      auto row = MakeStatedRow(stated, ecosystem, *parts);
      if (!row) return std::move(row).error().Context("field " + item.ToString());
      record->packages.push_back(*std::move(row));
    }
    return Ok();
  }

  DocumentParser parser_;
};

}  // namespace

std::unique_ptr<FeedReader> MakeUbuntuVexFeed() { return std::make_unique<UbuntuVexFeed>(); }

}  // namespace landwaiter::advisories
