#include "scanner/advisories/codec.h"

#include <cmath>
#include <limits>

namespace landwaiter::advisories {
namespace {

constexpr std::size_t kChecksumBytes = 4;

/// FNV-1a, 64 bits folded to 32: finds any single flipped byte; not meant against an author.
std::uint32_t Checksum(std::string_view bytes) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ULL;
  }
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

class Writer {
 public:
  void Number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }
  void Text(std::string_view text) {
    Number(text.size());
    bytes_ += text;
  }
  void Texts(const std::vector<std::string>& texts) {
    Number(texts.size());
    for (const std::string& text : texts) Text(text);
  }
  std::string Finish() && {
    const std::uint32_t sum = Checksum(bytes_);
    std::string out;
    out.reserve(bytes_.size() + kChecksumBytes);
    for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(sum >> shift);
    return out + bytes_;
  }

 private:
  std::string bytes_;
};

/// Reads until the first fault; after that everything is empty and Finish reports it.
class Reader {
 public:
  explicit Reader(std::string_view value) {
    if (value.size() < kChecksumBytes) {
      broken_ = true;
      return;
    }
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < kChecksumBytes; ++i) {
      sum |= static_cast<std::uint32_t>(static_cast<unsigned char>(value[i])) << (8 * i);
    }
    rest_ = value.substr(kChecksumBytes);
    if (Checksum(rest_) != sum) broken_ = true;
  }

  std::uint64_t Number(std::uint64_t max) {
    std::uint64_t value = 0;
    for (int shift = 0; !broken_; shift += 7) {
      if (rest_.empty() || shift > 63) break;
      const auto byte = static_cast<unsigned char>(rest_[0]);
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) {
        if (value > max) break;
        return value;
      }
    }
    broken_ = true;
    return 0;
  }
  /// A count of things that take at least one byte each, so never more than are left after it.
  std::size_t Count() {
    const std::uint64_t count = Number(std::numeric_limits<std::uint64_t>::max());
    if (count <= rest_.size()) return count;
    broken_ = true;
    return 0;
  }
  std::string Text() {
    const std::size_t size = Count();
    if (broken_) return {};
    std::string text(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return text;
  }
  std::vector<std::string> Texts() {
    std::vector<std::string> texts;
    for (std::size_t left = Count(); left > 0 && !broken_; --left) texts.push_back(Text());
    return texts;
  }
  bool broken() const { return broken_; }
  Status Finish(std::string_view what) const {
    if (!broken_ && rest_.empty()) return Ok();
    return DataLoss("advisory database: a value of the table of " + std::string(what) +
                    " is damaged; build the database again");
  }

 private:
  std::string_view rest_;
  bool broken_ = false;
};

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

void Put(Writer& out, const Affected& affected) {
  out.Number(affected.ranges.size());
  for (const Range& range : affected.ranges) {
    out.Number(range.events.size());
    for (const Event& event : range.events) {
      out.Number(static_cast<std::uint64_t>(event.kind));
      out.Text(event.version);
    }
  }
  out.Texts(affected.versions);
  PutSeverity(out, affected.severity);
  out.Number(static_cast<std::uint64_t>(affected.unfixed_state));
  out.Text(affected.module);
}

Affected GetAffected(Reader& in) {
  Affected affected;
  for (std::size_t ranges = in.Count(); ranges > 0 && !in.broken(); --ranges) {
    Range& range = affected.ranges.emplace_back();
    for (std::size_t events = in.Count(); events > 0 && !in.broken(); --events) {
      const auto kind =
          static_cast<EventKind>(in.Number(static_cast<std::uint64_t>(EventKind::kLimit)));
      range.events.push_back({kind, in.Text()});
    }
  }
  affected.versions = in.Texts();
  affected.severity = GetSeverity(in);
  affected.unfixed_state = static_cast<FindingState>(
      in.Number(static_cast<std::uint64_t>(FindingState::kUnderInvestigation)));
  affected.module = in.Text();
  return affected;
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

std::string Encode(const Affected& affected) {
  Writer out;
  Put(out, affected);
  return std::move(out).Finish();
}

std::string Encode(const Advisory& advisory) {
  Writer out;
  Put(out, advisory);
  return std::move(out).Finish();
}

std::string Encode(const CveFacts& facts) {
  Writer out;
  out.Number(facts.exploited_since ? 1 : 0);
  out.Text(facts.exploited_since.value_or(""));
  return std::move(out).Finish();
}

std::string Encode(const StagedRecord& record) {
  Writer out;
  out.Text(record.advisory.id);
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

Result<Affected> DecodeAffected(std::string_view value) {
  Reader in(value);
  Affected affected = GetAffected(in);
  if (Status status = in.Finish("affected packages"); !status) return status.error();
  return affected;
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
  if (exploited) facts.exploited_since = std::move(since);
  if (Status status = in.Finish("facts"); !status) return status.error();
  return facts;
}

Result<StagedRecord> DecodeStagedRecord(std::string_view value) {
  Reader in(value);
  StagedRecord record;
  std::string id = in.Text();
  record.advisory = GetAdvisory(in);
  record.advisory.id = std::move(id);
  record.withdrawn = in.Number(1) == 1;
  for (std::size_t left = in.Count(); left > 0 && !in.broken(); --left) {
    StagedPackage& package = record.packages.emplace_back();
    package.ecosystem = in.Text();
    package.package = in.Text();
    package.affected = GetAffected(in);
    package.affected.advisory = record.advisory.id;
  }
  if (Status status = in.Finish("staged records"); !status) return status.error();
  return record;
}

}  // namespace landwaiter::advisories
