#include "scanner/advisories/feeds/updateinfo.h"

#include <algorithm>
#include <map>
#include <set>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "scanner/advisories/feeds/make_row.h"
#include "scanner/advisories/ids.h"
#include "scanner/advisories/limits.h"
#include "scanner/advisories/xml_stream.h"

namespace landwaiter::advisories {
namespace {

/// A kernel update of all architectures lists some 500.
constexpr std::size_t kMaxPackages = 100'000;

std::string EvrOf(std::string_view epoch, std::string_view version, std::string_view release) {
  std::string evr;
  if (!epoch.empty() && epoch != "0") evr = std::string(epoch) + ":";
  evr += version;
  if (!release.empty()) evr += "-" + std::string(release);
  return evr;
}

/// "2018-02-07 18:49" and "2021-07-22 18:25:24" → RFC 3339; "" for what is neither.
std::string TimeOf(std::string_view written) {
  std::string time(text::Trim(written));
  if (time.size() > 10 && time[10] == ' ') time[10] = 'T';
  if (time.size() == 16) time += ":00";
  if (time.size() > 10) time += "Z";
  return ParseTime(time) ? time : std::string();
}

/// Name, module and version, with the architectures that have it.
using Builds =
    std::map<std::pair<std::string, std::string>, std::map<std::string, std::set<std::string>>>;

Builds BuildsOf(const Update& update) {
  Builds builds;
  for (const UpdatedPackage& package : update.packages) {
    if (package.architecture == "src" || package.architecture == "nosrc") continue;
    builds[{package.name, package.module}][package.evr].insert(package.architecture);
  }
  return builds;
}

class UpdateinfoReader final : public FeedReader, private XmlHandler {
 public:
  explicit UpdateinfoReader(UpdateRules rules) : rules_(rules) {}

  Status Take(const Piece& piece, FeedSink& sink) override {
    sink_ = &sink;
    if (piece.first) {
      name_ = piece.name;
      root_ = false;
      count_ = 0;
      XmlHandler& handler = *this;  // a private base
      xml_ = std::make_unique<XmlStream>(handler);
    }
    if (Status status = xml_->Take(piece.bytes); !status) return status;
    if (!piece.last) return Ok();
    if (Status status = xml_->Finish(); !status) return status;
    return root_ ? Ok() : Status(InvalidArgument("has no <updates>: is no updateinfo.xml"));
  }

 private:
  Status Open(std::string_view name, const XmlAttributes& attributes) override {
    if (name == "updates") root_ = true;
    if (name == "update") {
      update_ = {};
      update_.type = attributes.Get("type");
    } else if (name == "issued") {
      update_.issued = attributes.Get("date");
    } else if (name == "reference") {
      TakeReference(attributes);
    } else if (name == "collection") {
      module_.clear();
    } else if (name == "module") {
      module_ = std::string(attributes.Get("name")) + ":" + std::string(attributes.Get("stream"));
    } else if (name == "package") {
      return TakePackage(attributes);
    }
    return Ok();
  }

  Status Close(std::string_view name, std::string_view text) override {
    text = text::Trim(text);
    if (name == "id") update_.id = text;
    if (name == "title") update_.title = text;
    if (name == "severity") update_.severity = text;
    if (name == "release") update_.release = text;
    if (name == "name") update_.collection = text;
    return name == "update" ? EndUpdate() : Ok();
  }

  void TakeReference(const XmlAttributes& attributes) {
    const std::string_view type = attributes.Get("type");
    if (type == "cve") {
      std::string cve = CveIn(attributes.Get("id"));
      if (!cve.empty()) update_.cves.push_back(std::move(cve));
    } else if (type == "self") {
      update_.url = attributes.Get("href");
    }
  }

  Status TakePackage(const XmlAttributes& attributes) {
    if (update_.packages.size() >= kMaxPackages) {
      return ResourceExhausted("update " + text::Printable(update_.id) + ": has more than " +
                               std::to_string(kMaxPackages) + " packages");
    }
    update_.packages.push_back(
        {std::string(attributes.Get("name")),
         EvrOf(attributes.Get("epoch"), attributes.Get("version"), attributes.Get("release")),
         std::string(attributes.Get("arch")), module_});
    return Ok();
  }

  Status EndUpdate() {
    auto record = RecordOfUpdate(update_, rules_);
    if (!record) {
      return sink_->Broken(
          std::move(record).error().Context("update " + text::Printable(update_.id)));
    }
    record->part = name_ + " " + std::to_string(count_++);
    return sink_->Put(*std::move(record));
  }

  UpdateRules rules_;
  FeedSink* sink_ = nullptr;  // of the call that is under way
  std::unique_ptr<XmlStream> xml_;
  std::string name_;
  bool root_ = false;
  std::uint64_t count_ = 0;
  Update update_;
  std::string module_;
};

}  // namespace

Result<StagedRecord> RecordOfUpdate(const Update& update, const UpdateRules& rules) {
  if (!IsId(update.id)) return InvalidArgument("has no id");
  StagedRecord record;
  Advisory& advisory = record.advisory;
  advisory.id = update.id;
  advisory.feed = rules.feed;
  advisory.upstream = update.cves;
  std::sort(advisory.upstream.begin(), advisory.upstream.end());
  advisory.upstream.erase(std::unique(advisory.upstream.begin(), advisory.upstream.end()),
                          advisory.upstream.end());
  advisory.title = TitleOf(update.title);
  advisory.url = text::Printable(update.url.substr(0, kMaxXmlTextBytes / 32));
  advisory.published = TimeOf(update.issued);
  const auto severity = ParseSeverity(update.severity);
  if (severity && *severity != Severity::kUnknown && *severity != Severity::kNegligible) {
    advisory.severity = {*severity, std::string(rules.severity_source), {}, {}};
  }
  const std::string ecosystem = rules.ecosystem(update);
  if (ecosystem.empty() || (update.type != "security" && advisory.upstream.empty())) return record;
  for (const auto& [key, versions] : BuildsOf(update)) {
    for (const auto& [evr, architectures] : versions) {
      auto row = MakeFixRow(ecosystem, key.first, evr);
      if (!row) return std::move(row).error();
      std::string first = rules.first == nullptr ? std::string() : rules.first(update, evr);
      if (!first.empty()) row->affected.ranges[0].events[0].version = std::move(first);
      row->affected.module = ModuleOfFix(key.second, evr);
      if (versions.size() > 1) {
        row->affected.architectures.assign(architectures.begin(), architectures.end());
      }
      record.packages.push_back(*std::move(row));
    }
  }
  return record;
}

std::unique_ptr<FeedReader> MakeUpdateinfoReader(UpdateRules rules) {
  return std::make_unique<UpdateinfoReader>(rules);
}

}  // namespace landwaiter::advisories
