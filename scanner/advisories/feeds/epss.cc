// FIRST's Exploit Prediction Scoring System, as its daily CSV (https://www.first.org/epss/data):
// a comment with model and date, the names of the columns, then CVE, score, percentile.
#include <charconv>
#include <vector>

#include "lib/base/text.h"
#include "scanner/advisories/feeds/readers.h"
#include "scanner/advisories/ids.h"

namespace landwaiter::advisories {
namespace {

/// A row has some 30 bytes, the comment 70.
constexpr std::size_t kMaxLineBytes = 4096;
constexpr std::string_view kColumns = "cve,epss,percentile";
constexpr std::string_view kDateKey = "score_date:";
constexpr std::size_t kDateBytes = 10;  // "2025-02-20"

Result<double> Share(std::string_view text) {
  double value = -1;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault == std::errc() && end == text.data() + text.size() && value >= 0 && value <= 1) {
    return value;
  }
  return InvalidArgument(text::JsonQuote(text::Truncate(text, kMaxLineBytes)) +
                         " is no number from 0 to 1");
}

class EpssFeed final : public FeedReader {
  Status Take(const Piece& piece, FeedSink& sink) override {
    if (piece.first) {
      line_.clear();
      number_ = 0;
      columns_ = false;
    }
    std::string_view bytes = piece.bytes;
    for (std::size_t end = bytes.find('\n'); end != std::string_view::npos;
         end = bytes.find('\n')) {
      if (Status status = Extend(bytes.substr(0, end)); !status) return status;
      if (Status status = TakeLine(sink); !status) return status;
      bytes.remove_prefix(end + 1);
    }
    if (Status status = Extend(bytes); !status) return status;
    if (!piece.last) return Ok();
    if (Status status = TakeLine(sink); !status) return status;
    return columns_ ? Ok() : Status(InvalidArgument("has no line " + std::string(kColumns)));
  }

  Status Extend(std::string_view bytes) {
    line_.append(bytes);
    if (line_.size() <= kMaxLineBytes) return Ok();
    return ResourceExhausted("line " + std::to_string(number_ + 1) + ": has more than " +
                             std::to_string(kMaxLineBytes) + " bytes");
  }

  Status TakeLine(FeedSink& sink) {
    ++number_;
    const std::string taken = std::exchange(line_, {});
    const std::string_view line = text::Trim(taken);
    if (line.empty()) return Ok();
    if (line[0] == '#') {
      const std::size_t at = line.find(kDateKey);
      if (at != std::string_view::npos)
        sink.Released(line.substr(at + kDateKey.size(), kDateBytes));
      return Ok();
    }
    if (!columns_) {
      columns_ = line == kColumns;
      if (columns_) return Ok();
      return InvalidArgument("line " + std::to_string(number_) + ": is " +
                             text::JsonQuote(text::Truncate(line, 100)) + ", expected " +
                             std::string(kColumns));
    }
    Status status = TakeRow(line, sink);
    if (status || status.error().code != Code::kInvalidArgument) return status;
    return sink.Broken(std::move(status).error().Context("line " + std::to_string(number_)));
  }

  static Status TakeRow(std::string_view line, FeedSink& sink) {
    const auto cells = text::Split(line, ',');
    if (cells.size() != 3) {
      return InvalidArgument("has " + std::to_string(cells.size()) + " columns, expected 3");
    }
    if (!IsCve(cells[0])) return InvalidArgument(text::JsonQuote(cells[0]) + " is no CVE");
    const auto score = Share(cells[1]);
    if (!score) return score.error();
    const auto percentile = Share(cells[2]);
    if (!percentile) return percentile.error();
    CveFacts facts;
    facts.epss = Epss{*score, *percentile};
    return sink.Put(cells[0], facts);
  }

  std::string line_;
  std::uint64_t number_ = 0;
  bool columns_ = false;
};

}  // namespace

std::unique_ptr<FeedReader> MakeEpssFeed() { return std::make_unique<EpssFeed>(); }

}  // namespace landwaiter::advisories
