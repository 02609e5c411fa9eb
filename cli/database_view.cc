#include "cli/database_view.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "lib/base/text.h"
#include "policy/policy.h"
#include "scanner/matching/freshness.h"
#include "scanner/versions/scheme.h"

namespace landwaiter::cli {
namespace {

using Json = nlohmann::ordered_json;
using advisories::EventKind;

constexpr std::size_t kMaxCellBytes = 60;
/// Exact versions shown of a list; the rest is counted.
constexpr std::size_t kMaxListed = 3;

std::vector<std::string> NamesOf(const advisories::Advisory& advisory) {
  std::vector<std::string> names{advisory.id};
  names.insert(names.end(), advisory.aliases.begin(), advisory.aliases.end());
  names.insert(names.end(), advisory.upstream.begin(), advisory.upstream.end());
  return names;
}

std::string CvesOf(const advisories::Advisory& advisory) {
  std::vector<std::string> cves;
  for (std::string& name : NamesOf(advisory)) {
    if (name.starts_with("CVE-")) cves.push_back(std::move(name));
  }
  if (cves.size() > kMaxListed) {
    const std::size_t more = cves.size() - kMaxListed;
    cves.resize(kMaxListed);
    cves.back() += " +" + std::to_string(more);
  }
  return text::Join(cves, " ");
}

const advisories::StatedSeverity& SeverityOf(const LookupRow& row) {
  const bool own = row.affected.severity.severity != Severity::kUnknown;
  return own ? row.affected.severity : row.advisory.severity;
}

std::string DescribeAffected(const advisories::Affected& affected) {
  std::vector<std::string> parts;
  for (const auto& range : affected.ranges) parts.push_back(DescribeRange(range));
  if (parts.empty()) {
    const std::size_t shown = std::min(affected.versions.size(), kMaxListed);
    for (std::size_t i = 0; i < shown; ++i) parts.push_back("= " + affected.versions[i]);
    if (affected.versions.size() > shown) {
      parts.push_back(std::to_string(affected.versions.size() - shown) + " more");
    }
  }
  std::string text = text::Join(parts, " or ");
  if (affected.claim == advisories::Claim::kNotAffected) text.insert(0, "not affected: ");
  if (affected.unfixed_state != FindingState::kAffected) {
    text += ", " + std::string(FindingStateName(affected.unfixed_state));
  }
  if (!affected.module.empty()) text += " (module " + affected.module + ")";
  if (!affected.architectures.empty()) {
    text += " (" + text::Join(affected.architectures, ", ") + ")";
  }
  return text;
}

/// As the ecosystem orders them, "0" before all; those that it cannot read last, as text.
class VersionOrder {
 public:
  explicit VersionOrder(std::string_view ecosystem)
      : scheme_(versions::SchemeForEcosystem(ecosystem)) {}

  bool Reads(const std::string& version) const {
    return version == "0" || (scheme_ && versions::Validate(*scheme_, version).has_value());
  }
  bool operator()(const std::string& a, const std::string& b) const {
    if (Reads(a) != Reads(b)) return Reads(a);
    if (!Reads(a)) return a < b;
    if (a == "0" || b == "0") return a == "0" && b != "0";
    const auto order = versions::Compare(*scheme_, a, b);
    return order.has_value() && *order < 0;
  }

 private:
  std::optional<versions::Scheme> scheme_;
};

void SortEvents(const VersionOrder& before, advisories::Range* range) {
  const auto reads = [&](const advisories::Event& event) { return before.Reads(event.version); };
  // A limit of "*" and the like: nobody knows where it belongs.
  if (!std::all_of(range->events.begin(), range->events.end(), reads)) return;
  std::stable_sort(range->events.begin(), range->events.end(),
                   [&](const auto& a, const auto& b) { return before(a.version, b.version); });
}

/// Ranges and versions from the lowest up, whatever order a feed has them in.
advisories::Affected Sorted(advisories::Affected affected, std::string_view ecosystem) {
  const VersionOrder before(ecosystem);
  for (auto& range : affected.ranges) SortEvents(before, &range);
  std::stable_sort(affected.ranges.begin(), affected.ranges.end(),
                   [&](const advisories::Range& a, const advisories::Range& b) {
                     if (a.stream != b.stream) return a.stream < b.stream;
                     if (a.events.empty() || b.events.empty()) {
                       return a.events.empty() && !b.events.empty();
                     }
                     const std::string& left = a.events.front().version;
                     const std::string& right = b.events.front().version;
                     if (before(left, right) || before(right, left)) return before(left, right);
                     return DescribeRange(a) < DescribeRange(b);
                   });
  std::sort(affected.versions.begin(), affected.versions.end());
  std::stable_sort(affected.versions.begin(), affected.versions.end(), before);
  return affected;
}

using Row = std::array<std::string, 5>;

std::string RenderRows(const std::vector<Row>& rows) {
  std::array<std::size_t, std::tuple_size_v<Row>> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i] + std::string(widths[i] - row[i].size() + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

std::string Cell(std::string_view text) {
  return text::Truncate(text::Printable(text), kMaxCellBytes);
}

}  // namespace

Status MarkExploited(const advisories::AdvisoryDatabase& database, LookupRow* row) {
  for (const std::string& name : NamesOf(row->advisory)) {
    const auto facts = database.About(name);
    if (!facts) return facts.error();
    if (*facts && (*facts)->exploited_since) row->known_exploited = true;
  }
  return Ok();
}

std::string DescribeRange(const advisories::Range& range) {
  std::string out = range.stream.empty() ? "" : range.stream + ": ";
  const std::size_t start = out.size();
  bool open = false;
  for (const auto& event : range.events) {
    const bool starts = event.kind == EventKind::kIntroduced;
    if (starts) {
      if (out.size() > start) out += " or ";
      const bool from_zero = event.version == "0";
      out += from_zero ? "" : ">= " + event.version;
      open = from_zero;
      continue;
    }
    if (out.size() > start && !open) out += ", ";
    open = false;
    const bool inclusive = event.kind == EventKind::kLastAffected;
    const bool limit = event.kind == EventKind::kLimit;
    out += (inclusive ? "<= " : limit ? "before " : "< ") + event.version;
  }
  if (out.size() == start) out += "all versions";
  return text::Printable(out);
}

std::string RenderStatus(const advisories::DatabaseInfo& info, const std::string& folder,
                         TimePoint now) {
  std::string out = "Database " + info.id + " in " + folder + "\n";
  out += "As of " + FormatTime(info.built_at) + ", from feeds up to " +
         (info.newest.empty() ? "an unknown time" : text::Printable(info.newest)) + ", " +
         std::to_string(info.advisories) + " advisories, " +
         std::to_string(info.size_bytes / 1024) + " KiB" +
         (info.known_exploited ? ", with known exploited vulnerabilities" : "") + "\n";
  const auto stale = matching::StaleDatabase(info.built_at, now, policy::kDefaultDatabaseAge);
  if (stale) out += "Stale: " + stale->reason + "\n";
  out += "\n";
  std::vector<Row> rows{{"FEED", "RECORDS", "WITHDRAWN", "NOT MATCHED", "BROKEN"}};
  for (const auto& feed : info.feeds) {
    rows.push_back({Cell(feed.kind + "=" + feed.name), std::to_string(feed.records),
                    std::to_string(feed.withdrawn), std::to_string(feed.unsupported),
                    std::to_string(feed.broken)});
  }
  out += RenderRows(rows) + "\n";
  rows = {{"ECOSYSTEM", "PACKAGES", "ADVISORIES", "", ""}};
  for (const auto& entry : info.ecosystems) {
    rows.push_back(
        {Cell(entry.name), std::to_string(entry.packages), std::to_string(entry.affected), "", ""});
  }
  return out + RenderRows(rows);
}

std::string RenderFeeds(std::span<const advisories::Feed> feeds) {
  std::string out;
  for (const advisories::Feed& feed : feeds) {
    out += std::string(feed.kind) + " (" + std::string(FeedScopeName(feed.scope)) + ")";
    if (!feed.ecosystems.empty()) out += ": " + std::string(feed.ecosystems);
    out += "\n    " + std::string(feed.says) + "\n    " + std::string(feed.address) + "\n";
  }
  return out;
}

std::string RenderFeedsJson(std::span<const advisories::Feed> feeds) {
  Json list = Json::array();
  for (const advisories::Feed& feed : feeds) {
    list.push_back({{"kind", feed.kind},
                    {"scope", FeedScopeName(feed.scope)},
                    {"ecosystems", feed.ecosystems},
                    {"says", feed.says},
                    {"address", feed.address}});
  }
  return Json{{"feeds", list}}.dump(2) + "\n";
}

std::string RenderLookup(const LookupAnswer& answer) {
  std::vector<Row> rows{{"ECOSYSTEM", "ADVISORY", "CVE", "SEVERITY", "AFFECTED"}};
  for (const LookupRow& row : answer) {
    std::string severity(SeverityName(SeverityOf(row).severity));
    if (row.known_exploited) severity += " exploited";
    rows.push_back({Cell(row.ecosystem), Cell(row.advisory.id), Cell(CvesOf(row.advisory)),
                    std::move(severity),
                    Cell(DescribeAffected(Sorted(row.affected, row.ecosystem)))});
  }
  return RenderRows(rows);
}

std::string RenderLookupJson(const std::string& package, const LookupAnswer& answer) {
  Json list = Json::array();
  for (const LookupRow& row : answer) {
    const auto& severity = SeverityOf(row);
    const advisories::Affected affected = Sorted(row.affected, row.ecosystem);
    Json ranges = Json::array();
    for (const auto& range : affected.ranges) ranges.push_back(DescribeRange(range));
    Json entry = {{"ecosystem", row.ecosystem},
                  {"advisory", row.advisory.id},
                  {"aliases", row.advisory.aliases},
                  {"upstream", row.advisory.upstream},
                  {"severity", SeverityName(severity.severity)},
                  {"severitySource", severity.source},
                  {"cvssVector", severity.vector},
                  {"ranges", ranges},
                  {"versions", affected.versions},
                  {"notAffected", row.affected.claim == advisories::Claim::kNotAffected},
                  {"unfixedState", FindingStateName(row.affected.unfixed_state)},
                  {"architectures", row.affected.architectures},
                  {"module", row.affected.module},
                  {"title", row.advisory.title},
                  {"url", row.advisory.url},
                  {"published", row.advisory.published},
                  {"modified", row.advisory.modified},
                  {"knownExploited", row.known_exploited}};
    if (severity.score) entry["cvssScore"] = *severity.score;
    list.push_back(std::move(entry));
  }
  const Json json = {{"package", package}, {"advisories", list}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace landwaiter::cli
