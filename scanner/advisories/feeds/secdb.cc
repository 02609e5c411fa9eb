// The security databases of apk distributions (secdb.alpinelinux.org, packages.wolfi.dev,
// packages.cgr.dev): for each package the versions that mended something, and what. A version "0"
// says that the package never was affected. They are lists of fixes: what is not fixed is not in
// them. The key is the origin (source package).
#include <map>

#include "lib/base/text.h"
#include "scanner/advisories/feeds/document.h"
#include "scanner/advisories/feeds/make_row.h"
#include "scanner/advisories/feeds/readers.h"
#include "scanner/advisories/ids.h"
#include "scanner/advisories/limits.h"

namespace landwaiter::advisories {
namespace {

namespace dom = simdjson::dom;

/// Alpine's main repository has some 400 packages, Wolfi some 3,000.
constexpr std::size_t kMaxPackages = 200'000;
constexpr std::size_t kMaxNameBytes = 1024;
/// Names of branches: "v3.18", "edge".
constexpr std::size_t kMaxBranchBytes = 32;

/// Whose file it is.
struct Origin {
  std::string ecosystem;
  std::string prefix;  // of the ids of its records
  std::string part;
};

Result<Origin> ReadOrigin(const dom::object& root) {
  const FieldPath path;
  const auto repository = RequiredText(root, "reponame", path, kMaxBranchBytes);
  if (!repository) return repository.error();
  const auto branch = OptionalText(root, "distroversion", path, kMaxBranchBytes);
  if (!branch) return branch.error();
  if (branch->has_value()) {
    if (text::Printable(**branch) != **branch || (*branch)->empty()) {
      return InvalidArgument("field distroversion: " + text::JsonQuote(**branch) + " is no branch");
    }
    return Origin{"Alpine:" + std::string(**branch), "ALPINE-",
                  std::string(**branch) + "/" + std::string(*repository)};
  }
  const auto address = RequiredText(root, "urlprefix", path, kMaxNameBytes);
  if (!address) return address.error();
  if (address->find("wolfi.dev") != std::string_view::npos) {
    return Origin{"Wolfi", "WOLFI-", std::string(*repository)};
  }
  if (address->find("cgr.dev") != std::string_view::npos) {
    return Origin{"Chainguard", "CHAINGUARD-", std::string(*repository)};
  }
  if (address->find("mini.dev") != std::string_view::npos) {
    return Origin{"MinimOS", "MINIMOS-", std::string(*repository)};
  }
  return InvalidArgument("field urlprefix: " + text::JsonQuote(*address) +
                         " is of no distribution that is known");
}

/// "CVE-2016-9377 XSA-196" is the CVE: the other may cover several. Without one the first word.
std::string VulnerabilityOf(std::string_view entry) {
  std::string cve = CveIn(entry);
  if (!cve.empty()) return cve;
  entry = text::Trim(entry);
  return std::string(entry.substr(0, entry.find(' ')));
}

class SecdbFeed final : public DocumentReader {
  Status Read(std::string_view /*name*/, std::string_view bytes, FeedSink& sink) override {
    const auto root = parser_.ParseObject(bytes);
    if (!root) return root.error();
    auto origin = ReadOrigin(*root);
    if (!origin) return std::move(origin).error();
    origin_ = *std::move(origin);
    records_.clear();
    const FieldPath path;
    const auto packages = OptionalArray(*root, "packages", path, kMaxPackages);
    if (!packages) return packages.error();
    if (!packages->has_value()) return Missing(path.Child("packages"));
    const FieldPath list = path.Child("packages");
    std::size_t index = 0;
    for (const dom::element element : **packages) {
      if (Status status = ReadPackage(element, list.Item(index++), sink); !status) return status;
    }
    for (auto& [id, record] : records_) {
      if (Status status = sink.Put(std::move(record)); !status) return status;
    }
    return Ok();
  }

  Status ReadPackage(const dom::element& element, const FieldPath& path, FeedSink& sink) {
    dom::object entry;
    if (element.get_object().get(entry) != simdjson::SUCCESS) {
      return WrongType(path, element, "an object");
    }
    const auto package = OptionalObject(entry, "pkg", path);
    if (!package) return package.error();
    const FieldPath package_path = path.Child("pkg");
    if (!package->has_value()) return Missing(package_path);
    const auto name = RequiredText(**package, "name", package_path, kMaxPackageBytes);
    if (!name) return name.error();
    const auto fixes = OptionalObject(**package, "secfixes", package_path);
    if (!fixes) return fixes.error();
    if (!fixes->has_value()) return Ok();
    const FieldPath fixes_path = package_path.Child("secfixes");
    for (const auto& [version, ids] : **fixes) {
      Status status = ReadFix(*name, version, ids, fixes_path.Child(version));
      if (!status) status = sink.Broken(std::move(status).error());
      if (!status) return status;
    }
    return Ok();
  }

  Status ReadFix(std::string_view package, std::string_view version, const dom::element& ids,
                 const FieldPath& path) {
    dom::array list;
    if (ids.is_null()) return Ok();
    if (ids.get_array().get(list) != simdjson::SUCCESS) return WrongType(path, ids, "an array");
    auto row = MakeFixRow(origin_.ecosystem, package, version);
    if (!row) return std::move(row).error().Context("field " + path.ToString());
    std::size_t index = 0;
    for (const dom::element element : list) {
      const FieldPath item = path.Item(index++);
      std::string_view text;
      if (element.get_string().get(text) != simdjson::SUCCESS) {
        return WrongType(item, element, "a string");
      }
      const std::string id = VulnerabilityOf(text);
      if (!IsId(origin_.prefix + id)) {
        return InvalidArgument("field " + item.ToString() + ": " + text::JsonQuote(text) +
                               " is no id");
      }
      StagedRecord& record = records_[id];
      if (record.packages.empty()) {
        record = RecordOfCve(origin_.prefix, id, "secdb");
        record.part = origin_.part;
      }
      record.packages.push_back(*row);
    }
    return Ok();
  }

  DocumentParser parser_;
  Origin origin_;
  std::map<std::string, StagedRecord> records_;
};

}  // namespace

std::unique_ptr<FeedReader> MakeSecdbFeed() { return std::make_unique<SecdbFeed>(); }

}  // namespace landwaiter::advisories
