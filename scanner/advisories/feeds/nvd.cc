// NVD's CVE records (https://nvd.nist.gov/developers/vulnerabilities, API 2.0: pages of the API and
// the yearly files have the same shape): severities, weaknesses, and which versions of which
// products are meant (nvd_products.h). Rejected records say nothing.
#include <algorithm>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "scanner/advisories/cvss.h"
#include "scanner/advisories/feeds/document.h"
#include "scanner/advisories/feeds/make_row.h"
#include "scanner/advisories/feeds/nvd_products.h"
#include "scanner/advisories/feeds/readers.h"
#include "scanner/advisories/feeds/split_reader.h"
#include "scanner/advisories/ids.h"
#include "scanner/advisories/limits.h"

namespace landwaiter::advisories {
namespace {

namespace dom = simdjson::dom;

/// The largest records name some 5,000 products and have 2 MB.
constexpr std::size_t kMaxRecordBytes = 32u << 20;
constexpr std::size_t kMaxMetrics = 100;
constexpr std::size_t kMaxWeaknesses = 1000;
constexpr std::size_t kMaxSourceBytes = 256;
constexpr std::string_view kList = "vulnerabilities";

/// The newest first: in this order they count.
constexpr std::string_view kMetrics[] = {"cvssMetricV40", "cvssMetricV31", "cvssMetricV30",
                                         "cvssMetricV2"};

struct Metric {
  std::string_view vector;
  std::string_view source;
  bool primary = false;
};

/// NVD's own, else the first of those that the CVE's author or others gave.
Result<Metric> ChooseMetric(const dom::array& array, const FieldPath& path) {
  Metric chosen;
  std::size_t index = 0;
  for (const dom::element element : array) {
    const FieldPath item = path.Item(index++);
    dom::object metric;
    if (element.get_object().get(metric) != simdjson::SUCCESS) {
      return WrongType(item, element, "an object");
    }
    const auto data = OptionalObject(metric, "cvssData", item);
    if (!data) return data.error();
    const FieldPath data_path = item.Child("cvssData");
    if (!data->has_value()) return Missing(data_path);
    const auto vector = RequiredText(**data, "vectorString", data_path, kMaxVectorBytes);
    if (!vector) return vector.error();
    const auto source = OptionalText(metric, "source", item, kMaxSourceBytes);
    if (!source) return source.error();
    const bool primary = LooseText(metric, "type") == std::string_view("Primary");
    if (chosen.vector.empty() || (primary && !chosen.primary)) {
      chosen = {*vector, source->value_or(std::string_view()), primary};
    }
  }
  return chosen;
}

Result<std::vector<StatedSeverity>> ReadSeverities(const dom::object& metrics,
                                                   const FieldPath& path) {
  std::vector<StatedSeverity> severities;
  for (const std::string_view name : kMetrics) {
    const auto array = OptionalArray(metrics, name, path, kMaxMetrics);
    if (!array) return array.error();
    if (!array->has_value()) continue;
    const FieldPath list = path.Child(name);
    const auto metric = ChooseMetric(**array, list);
    if (!metric) return metric.error();
    if (metric->vector.empty()) continue;
    const auto score = ScoreCvss(metric->vector);
    if (!score) return Error(score.error()).Context("field " + list.ToString());
    StatedSeverity stated;
    stated.severity = SeverityOfScore(score->score);
    stated.source = "CVSS_V" + std::to_string(score->version) + " of NVD";
    if (!metric->primary) stated.source += " (" + text::Printable(metric->source) + ")";
    stated.score = score->score;
    stated.vector = metric->vector;
    const bool older = !severities.empty() && severities.back().source == stated.source;
    if (!older) severities.push_back(std::move(stated));
  }
  return severities;
}

/// "NVD-CWE-noinfo" and "NVD-CWE-Other" name none.
std::vector<std::string> ReadWeaknesses(const dom::array& array) {
  std::vector<std::string> found;
  for (const dom::element element : array) {
    dom::array descriptions;
    if (element.at_key("description").get_array().get(descriptions) != simdjson::SUCCESS) continue;
    for (const dom::element description : descriptions) {
      std::string_view name;
      if (description.at_key("value").get_string().get(name) != simdjson::SUCCESS) continue;
      if (name.starts_with("CWE-") && IsId(name)) found.emplace_back(name);
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

class NvdFeed final : public SplitReader {
 public:
  NvdFeed() : SplitReader({JsonSplit::Root::kObject, kList, kMaxRecordBytes}) {}

 private:
  void Begin(std::string_view /*name*/) override {
    stated_.clear();
    count_ = 0;
  }

  Status Value(std::string_view key, std::string_view json, FeedSink& sink) override {
    if (key == "resultsPerPage") stated_ = json;
    if (key == "timestamp")
      sink.Released(std::string(text::Trim(json.substr(1, json.size() - 2))) + "Z");
    if (key != kList) return Ok();
    ++count_;
    Status status = ReadItem(json, sink);
    if (status || !IsOfRecord(status.error())) return status;
    return sink.Broken(std::move(status).error().Context("record " + std::to_string(count_)));
  }

  Status End(FeedSink& /*sink*/) override {
    if (count_ == 0 && stated_ != "0") {
      return InvalidArgument("holds no vulnerabilities: is no page of NVD's");
    }
    if (stated_.empty() || stated_ == std::to_string(count_)) return Ok();
    return InvalidArgument("field resultsPerPage: is " + text::Printable(stated_) +
                           ", but there are " + std::to_string(count_) +
                           " vulnerabilities: the page is not whole");
  }

  static bool IsOfRecord(const Error& error) {
    return error.code == Code::kInvalidArgument || error.code == Code::kResourceExhausted;
  }

  Status ReadItem(std::string_view json, FeedSink& sink) {
    const auto item = parser_.ParseObject(json);
    if (!item) return item.error();
    const FieldPath root;
    const auto cve = OptionalObject(*item, "cve", root);
    if (!cve) return cve.error();
    const FieldPath path = root.Child("cve");
    if (!cve->has_value()) return Missing(path);
    const auto id = RequiredText(**cve, "id", path, kMaxIdBytes);
    if (!id) return id.error();
    if (!IsCve(*id)) return InvalidArgument("field cve.id: " + text::JsonQuote(*id) + " is no CVE");
    const auto state = LooseText(**cve, "vulnStatus").value_or(std::string_view());
    if (state == "Rejected") return Ok();
    return ReadCve(*id, **cve, path, sink);
  }

  static Status ReadCve(std::string_view id, const dom::object& cve, const FieldPath& path,
                        FeedSink& sink) {
    CveFacts facts;
    const auto metrics = OptionalObject(cve, "metrics", path);
    if (!metrics) return metrics.error();
    if (metrics->has_value()) {
      auto severities = ReadSeverities(**metrics, path.Child("metrics"));
      if (!severities) return std::move(severities).error();
      facts.severities = *std::move(severities);
    }
    const auto weaknesses = OptionalArray(cve, "weaknesses", path, kMaxWeaknesses);
    if (!weaknesses) return weaknesses.error();
    if (weaknesses->has_value()) facts.weaknesses = ReadWeaknesses(**weaknesses);
    if (Status status = sink.Put(id, facts); !status) return status;
    return PutProducts(id, cve, path, sink);
  }

  static Status PutProducts(std::string_view id, const dom::object& cve, const FieldPath& path,
                            FeedSink& sink) {
    auto rows = ReadConfigurations(cve, path);
    if (!rows) return std::move(rows).error();
    if (rows->empty()) return Ok();
    StagedRecord record = RecordOfCve("NVD-", id, "nvd");
    record.packages = *std::move(rows);
    record.advisory.url = "https://nvd.nist.gov/vuln/detail/" + std::string(id);
    record.advisory.published = TimeIn(cve, "published");
    record.advisory.modified = TimeIn(cve, "lastModified");
    return sink.Put(std::move(record));
  }

  /// NVD leaves out that its times are UTC.
  static std::string TimeIn(const dom::object& cve, std::string_view name) {
    const auto time = LooseText(cve, name);
    if (!time || time->size() > kMaxSourceBytes) return {};
    const std::string written = std::string(*time) + (time->ends_with('Z') ? "" : "Z");
    return ParseTime(written) ? written : std::string();
  }

  DocumentParser parser_;
  std::string stated_;
  std::uint64_t count_ = 0;
};

}  // namespace

std::unique_ptr<FeedReader> MakeNvdFeed() { return std::make_unique<NvdFeed>(); }

}  // namespace landwaiter::advisories
