// For feeds of large JSON documents: values come one at a time (json_split.h).
#pragma once

#include <memory>

#include "scanner/advisories/feed.h"
#include "scanner/advisories/json_split.h"

namespace landwaiter::advisories {

class SplitReader : public FeedReader {
 public:
  Status Take(const Piece& piece, FeedSink& sink) final {
    if (piece.first) {
      Begin(piece.name);
      splitter_ = std::make_unique<JsonSplitter>(
          split_,
          [this](std::string_view key, std::string_view json) { return Value(key, json, *sink_); });
    }
    sink_ = &sink;
    if (Status status = splitter_->Take(piece.bytes); !status) return status;
    if (!piece.last) return Ok();
    if (Status status = splitter_->Finish(); !status) return status;
    return End(sink);
  }

 protected:
  explicit SplitReader(JsonSplit split) : split_(split) {}
  virtual void Begin(std::string_view /*name*/) {}
  virtual Status Value(std::string_view key, std::string_view json, FeedSink& sink) = 0;
  /// After the last value of a member that came whole.
  virtual Status End(FeedSink& /*sink*/) { return Ok(); }

 private:
  JsonSplit split_;
  std::unique_ptr<JsonSplitter> splitter_;
  FeedSink* sink_ = nullptr;  // of the call that is under way
};

}  // namespace landwaiter::advisories
