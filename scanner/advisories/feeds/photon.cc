// VMware Photon OS
// (https://packages.broadcom.com/photon/photon_cve_metadata/cve_data_photonN.0.json): one entry for
// each CVE and binary package. The release is in the file's name only. Entries that are named
// otherwise than by a CVE (BDSA-, UNK-) repeat others or say nothing that can be looked up; they
// are left out.
#include <algorithm>
#include <map>

#include "lib/base/text.h"
#include "scanner/advisories/feeds/document.h"
#include "scanner/advisories/feeds/make_row.h"
#include "scanner/advisories/feeds/readers.h"
#include "scanner/advisories/feeds/split_reader.h"
#include "scanner/advisories/ids.h"
#include "scanner/advisories/limits.h"
#include "scanner/versions/scheme.h"

namespace landwaiter::advisories {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMaxEntryBytes = 64u << 10;
constexpr std::size_t kMaxWordBytes = 64;

/// "4.0" out of "mirror/cve_data_photon4.0.json"; "" for another name.
std::string ReleaseIn(std::string_view name) {
  constexpr std::string_view kMark = "photon";
  const std::size_t at = name.rfind(kMark);
  if (at == std::string_view::npos) return {};
  name.remove_prefix(at + kMark.size());
  name = name.substr(0, name.find(".json"));
  const bool number = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return c == '.' || (c >= '0' && c <= '9');
  });
  return number ? std::string(name) : std::string();
}

class PhotonFeed final : public SplitReader {
 public:
  PhotonFeed() : SplitReader({JsonSplit::Root::kArray, {}, kMaxEntryBytes}) {}

 private:
  void Begin(std::string_view name) override {
    release_ = ReleaseIn(name);
    records_.clear();
    count_ = 0;
  }

  Status Value(std::string_view /*key*/, std::string_view json, FeedSink& sink) override {
    ++count_;
    if (release_.empty()) {
      return InvalidArgument(
          "its name tells no release: expected one like cve_data_photon4.0.json");
    }
    Status status = ReadEntry(json);
    if (status) return status;
    return sink.Broken(std::move(status).error().Context("entry " + std::to_string(count_)));
  }

  Status End(FeedSink& sink) override {
    for (auto& [cve, record] : records_) {
      if (Status status = sink.Put(std::move(record)); !status) return status;
    }
    records_.clear();
    return Ok();
  }

  Status ReadEntry(std::string_view json) {
    const auto entry = parser_.ParseObject(json);
    if (!entry) return entry.error();
    const FieldPath path;
    const auto id = OptionalText(*entry, "cve_id", path, kMaxIdBytes);
    if (!id) return id.error();
    if (!IsCve(id->value_or(std::string_view()))) return Ok();
    const auto package = RequiredText(*entry, "pkg", path, kMaxPackageBytes);
    if (!package) return package.error();
    const auto fix = OptionalText(*entry, "res_ver", path, versions::kMaxVersionBytes);
    if (!fix) return fix.error();
    const bool unaffected = LooseText(*entry, "status") == std::string_view("Not Affected");
    const std::string_view version = fix->value_or(std::string_view());
    // "NA" without that status says neither the one nor the other.
    if (!unaffected && (version.empty() || version == "NA")) return Ok();
    auto row = MakeFixRow("Photon OS:" + release_, *package, unaffected ? "0" : version);
    if (!row) return std::move(row).error();
    row->affected.of_source = true;  // "curl-libs" as well as "curl": names may be either
    double score = 0;
    if (!unaffected && entry->at_key("cve_score").get_double().get(score) == simdjson::SUCCESS &&
        score > 0 && score <= 10) {
      row->affected.severity = {SeverityOfScore(score), "Photon OS score", score, {}};
    }
    StagedRecord& record = records_[std::string(**id)];
    if (record.packages.empty()) {
      record = RecordOfCve("PHOTON-", **id, "photon");
      record.part = release_;
    }
    record.packages.push_back(*std::move(row));
    return Ok();
  }

  DocumentParser parser_;
  std::string release_;
  std::map<std::string, StagedRecord> records_;
  std::uint64_t count_ = 0;
};

}  // namespace

std::unique_ptr<FeedReader> MakePhotonFeed() { return std::make_unique<PhotonFeed>(); }

}  // namespace landwaiter::advisories
