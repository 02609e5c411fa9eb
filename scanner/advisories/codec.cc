#include "scanner/advisories/codec.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "scanner/advisories/value_bytes.h"

namespace landwaiter::advisories {
namespace {

using Writer = ValueWriter;
using Reader = ValueReader;

/// EPSS has five places.
constexpr std::uint64_t kEpssUnits = 100'000;

/// Scores are tenths; 0 stands for none, so that a score of 0.0 is 1.
void PutSeverity(Writer& out, const StatedSeverity& stated) {
  out.Number(static_cast<std::uint64_t>(stated.severity));
  out.Text(stated.source);
  out.Number(stated.score ? static_cast<std::uint64_t>(std::lround(*stated.score * 10)) + 1 : 0);
  out.Text(stated.vector);
}

StatedSeverity GetSeverity(Reader& in) {
  StatedSeverity stated;
  stated.severity =
      static_cast<Severity>(in.Number(static_cast<std::uint64_t>(Severity::kCritical)));
  stated.source = in.Text();
  const std::uint64_t tenths = in.Number(101);
  if (tenths > 0) stated.score = static_cast<double>(tenths - 1) / 10.0;
  stated.vector = in.Text();
  return stated;
}

/// Most rows are one range and nothing else: which of the others follow stands in one byte.
constexpr std::uint64_t kHasClaim = 1;  // not affected
constexpr std::uint64_t kHasSource = 2;
constexpr std::uint64_t kHasModule = 4;
constexpr std::uint64_t kHasArchitectures = 8;
constexpr std::uint64_t kHasSeverity = 16;
constexpr std::uint64_t kHasVersions = 32;
constexpr std::uint64_t kHasState = 64;
constexpr std::uint64_t kHasStreams = 128;
constexpr std::uint64_t kAllFlags = 255;

std::uint64_t FlagsOf(const Affected& row) {
  const bool streams = std::any_of(row.ranges.begin(), row.ranges.end(),
                                   [](const Range& range) { return !range.stream.empty(); });
  std::uint64_t flags = 0;
  const auto set = [&](bool there, std::uint64_t flag) { flags |= there ? flag : 0; };
  set(row.claim == Claim::kNotAffected, kHasClaim);
  set(row.of_source, kHasSource);
  set(!row.module.empty(), kHasModule);
  set(!row.architectures.empty(), kHasArchitectures);
  set(!(row.severity == StatedSeverity{}), kHasSeverity);
  set(!row.versions.empty(), kHasVersions);
  set(row.unfixed_state != FindingState::kAffected, kHasState);
  set(streams, kHasStreams);
  return flags;
}

void PutRanges(Writer& out, const std::vector<Range>& ranges, bool streams) {
  out.Number(ranges.size());
  for (const Range& range : ranges) {
    out.Number(range.events.size());
    for (const Event& event : range.events) {
      out.Number(static_cast<std::uint64_t>(event.kind));
      out.Text(event.version);
    }
    if (streams) out.Text(range.stream);
  }
}

void Put(Writer& out, const Affected& row) {
  const std::uint64_t flags = FlagsOf(row);
  out.Number(flags);
  PutRanges(out, row.ranges, (flags & kHasStreams) != 0);
  if ((flags & kHasVersions) != 0) out.Texts(row.versions);
  if ((flags & kHasSeverity) != 0) PutSeverity(out, row.severity);
  if ((flags & kHasState) != 0) out.Number(static_cast<std::uint64_t>(row.unfixed_state));
  if ((flags & kHasModule) != 0) out.Text(row.module);
  if ((flags & kHasArchitectures) != 0) out.Texts(row.architectures);
}

// Into what was there before, whose memory is used again: a package may have a thousand rows, of
// which one is of interest.
void GetRanges(Reader& in, bool streams, std::vector<Range>& found) {
  const std::size_t ranges = in.Count();
  found.resize(ranges);
  for (Range& range : found) {
    range.events.resize(in.Count());
    for (Event& event : range.events) {
      event.kind = static_cast<EventKind>(in.Number(static_cast<std::uint64_t>(EventKind::kLimit)));
      in.TextTo(event.version);
    }
    range.stream.clear();
    if (streams) in.TextTo(range.stream);
  }
}

void GetAffected(Reader& in, Affected& row) {
  const std::uint64_t flags = in.Number(kAllFlags);
  row.claim = (flags & kHasClaim) != 0 ? Claim::kNotAffected : Claim::kAffected;
  row.of_source = (flags & kHasSource) != 0;
  GetRanges(in, (flags & kHasStreams) != 0, row.ranges);
  row.versions = (flags & kHasVersions) != 0 ? in.Texts() : std::vector<std::string>();
  row.severity = (flags & kHasSeverity) != 0 ? GetSeverity(in) : StatedSeverity();
  row.unfixed_state = FindingState::kAffected;
  if ((flags & kHasState) != 0) {
    row.unfixed_state = static_cast<FindingState>(
        in.Number(static_cast<std::uint64_t>(FindingState::kUnderInvestigation)));
  }
  row.module.clear();
  if ((flags & kHasModule) != 0) in.TextTo(row.module);
  row.architectures = (flags & kHasArchitectures) != 0 ? in.Texts() : std::vector<std::string>();
}

void SkipSeverity(Reader& in) {
  in.Number(static_cast<std::uint64_t>(Severity::kCritical));
  in.View();
  in.Number(101);
  in.View();
}

/// The next row where it is a plain one; `in` is behind it then, else anywhere.
std::optional<PlainRow> GetPlain(Reader& in) {
  PlainRow row;
  row.advisory = in.View();
  const std::uint64_t flags = in.Number(kAllFlags);
  if ((flags & (kHasClaim | kHasVersions | kHasStreams)) != 0) return {};
  if (in.Count() != 1 || in.Count() != 2) return {};
  const auto kind = [&] {
    return static_cast<EventKind>(in.Number(static_cast<std::uint64_t>(EventKind::kLimit)));
  };
  if (kind() != EventKind::kIntroduced || in.View() != "0") return {};
  if (kind() != EventKind::kFixed) return {};
  row.fixed = in.View();
  row.of_source = (flags & kHasSource) != 0;
  row.for_all = (flags & (kHasModule | kHasArchitectures)) == 0;
  if ((flags & kHasSeverity) != 0) SkipSeverity(in);
  if ((flags & kHasState) != 0) {
    in.Number(static_cast<std::uint64_t>(FindingState::kUnderInvestigation));
  }
  if ((flags & kHasModule) != 0) in.View();
  if ((flags & kHasArchitectures) != 0) {
    for (std::size_t left = in.Count(); left > 0 && !in.broken(); --left) in.View();
  }
  if (in.broken()) return {};
  return row;
}

void Put(Writer& out, const Advisory& advisory) {
  out.Texts(advisory.aliases);
  out.Texts(advisory.upstream);
  PutSeverity(out, advisory.severity);
  for (const std::string* text :
       {&advisory.title, &advisory.url, &advisory.published, &advisory.modified, &advisory.feed}) {
    out.Text(*text);
  }
}

Advisory GetAdvisory(Reader& in) {
  Advisory advisory;
  advisory.aliases = in.Texts();
  advisory.upstream = in.Texts();
  advisory.severity = GetSeverity(in);
  for (std::string* text :
       {&advisory.title, &advisory.url, &advisory.published, &advisory.modified, &advisory.feed}) {
    *text = in.Text();
  }
  return advisory;
}

}  // namespace

std::string Encode(const std::vector<Affected>& rows) {
  Writer out;
  out.Number(rows.size());
  for (const Affected& row : rows) {
    out.Text(row.advisory);
    Put(out, row);
  }
  return std::move(out).Finish();
}

std::string Encode(const Advisory& advisory) {
  Writer out;
  Put(out, advisory);
  return std::move(out).Finish();
}

/// An interval as ISO 8601 writes it, in the place that used to hold its beginning alone: programs
/// that know of no end read on, and so the format's version stays.
constexpr char kInterval = '/';

std::string Encode(const CveFacts& facts) {
  Writer out;
  out.Number(facts.exploited_since ? 1 : 0);
  std::string exploited = facts.exploited_since.value_or("");
  if (facts.exploited_since && !facts.exploited_due.empty()) {
    exploited += kInterval + facts.exploited_due;
  }
  out.Text(exploited);
  out.Number(facts.epss ? 1 : 0);
  const Epss epss = facts.epss.value_or(Epss{});
  out.Number(static_cast<std::uint64_t>(std::lround(epss.score * kEpssUnits)));
  out.Number(static_cast<std::uint64_t>(std::lround(epss.percentile * kEpssUnits)));
  out.Number(facts.severities.size());
  for (const StatedSeverity& stated : facts.severities) PutSeverity(out, stated);
  out.Texts(facts.weaknesses);
  return std::move(out).Finish();
}

std::string Encode(const Lifecycle& lifecycle) {
  Writer out;
  out.Text(lifecycle.end_of_life);
  out.Text(lifecycle.end_of_extension);
  return std::move(out).Finish();
}

std::string EncodeTexts(const std::vector<std::string>& texts) {
  Writer out;
  out.Texts(texts);
  return std::move(out).Finish();
}

std::string Encode(const StagedRecord& record) {
  Writer out;
  out.Text(record.advisory.id);
  out.Text(record.part);
  out.Number(record.adds ? 1 : 0);
  Put(out, record.advisory);
  out.Number(record.withdrawn ? 1 : 0);
  out.Number(record.packages.size());
  for (const StagedPackage& package : record.packages) {
    out.Text(package.ecosystem);
    out.Text(package.package);
    Put(out, package.affected);
  }
  return std::move(out).Finish();
}

Status EachAffected(std::string_view value, const std::function<Status(Affected& row)>& take,
                    const PlainRowFilter& skip) {
  Reader in(value);
  Affected row;
  for (std::size_t left = in.Count(); left > 0 && !in.broken(); --left) {
    if (skip) {
      Reader ahead = in;
      const auto plain = GetPlain(ahead);
      if (plain && skip(*plain)) {
        in = ahead;
        continue;
      }
    }
    in.TextTo(row.advisory);
    GetAffected(in, row);
    if (in.broken()) break;
    if (Status taken = take(row); !taken) return taken;
  }
  return in.Finish("affected packages");
}

Result<std::vector<Affected>> DecodeAffected(std::string_view value) {
  std::vector<Affected> rows;
  Status status = EachAffected(value, [&](Affected& row) {
    rows.push_back(std::move(row));
    return Ok();
  });
  if (!status) return std::move(status).error();
  return rows;
}

Result<Advisory> DecodeAdvisory(std::string_view value) {
  Reader in(value);
  Advisory advisory = GetAdvisory(in);
  if (Status status = in.Finish("advisories"); !status) return status.error();
  return advisory;
}

Result<CveFacts> DecodeCveFacts(std::string_view value) {
  Reader in(value);
  CveFacts facts;
  const bool exploited = in.Number(1) == 1;
  std::string since = in.Text();
  if (exploited) {
    const auto end = since.find(kInterval);
    if (end != std::string::npos) facts.exploited_due = since.substr(end + 1);
    facts.exploited_since = since.substr(0, end);
  }
  const bool scored = in.Number(1) == 1;
  const auto score = static_cast<double>(in.Number(kEpssUnits)) / kEpssUnits;
  const auto percentile = static_cast<double>(in.Number(kEpssUnits)) / kEpssUnits;
  if (scored) facts.epss = Epss{score, percentile};
  for (std::size_t left = in.Count(); left > 0 && !in.broken(); --left) {
    facts.severities.push_back(GetSeverity(in));
  }
  facts.weaknesses = in.Texts();
  if (Status status = in.Finish("facts"); !status) return status.error();
  return facts;
}

Result<Lifecycle> DecodeLifecycle(std::string_view value) {
  Reader in(value);
  Lifecycle lifecycle;
  lifecycle.end_of_life = in.Text();
  lifecycle.end_of_extension = in.Text();
  if (Status status = in.Finish("lifecycles"); !status) return status.error();
  return lifecycle;
}

Result<std::vector<std::string>> DecodeTexts(std::string_view value) {
  Reader in(value);
  std::vector<std::string> texts = in.Texts();
  if (Status status = in.Finish("texts"); !status) return status.error();
  return texts;
}

Result<StagedRecord> DecodeStagedRecord(std::string_view value) {
  Reader in(value);
  StagedRecord record;
  std::string id = in.Text();
  record.part = in.Text();
  record.adds = in.Number(1) == 1;
  record.advisory = GetAdvisory(in);
  record.advisory.id = std::move(id);
  record.withdrawn = in.Number(1) == 1;
  for (std::size_t left = in.Count(); left > 0 && !in.broken(); --left) {
    StagedPackage& package = record.packages.emplace_back();
    package.ecosystem = in.Text();
    package.package = in.Text();
    GetAffected(in, package.affected);
    package.affected.advisory = record.advisory.id;
  }
  if (Status status = in.Finish("staged records"); !status) return status.error();
  return record;
}

}  // namespace landwaiter::advisories
