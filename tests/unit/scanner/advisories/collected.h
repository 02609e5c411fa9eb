// A sink that keeps what a feed's reader says, and ways to hand a reader bytes.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/advisories/feed.h"

namespace landwaiter::advisories {

class Collected final : public FeedSink {
 public:
  Status Put(StagedRecord record) override {
    records.push_back(std::move(record));
    return Ok();
  }
  Status Put(std::string_view cve, const CveFacts& about) override {
    facts[std::string(cve)] = about;
    return Ok();
  }
  void Released(std::string_view time) override { released = time; }
  Status Broken(Error error) override {
    broken.push_back(error.message);
    return keep_going ? Ok() : Status(std::move(error));
  }

  bool keep_going = false;
  std::vector<StagedRecord> records;
  std::map<std::string, CveFacts> facts;
  std::string released;
  std::vector<std::string> broken;
};

/// Reads one member, in pieces of at most `piece_bytes`, as `db build` would.
inline Status ReadMember(FeedReader& reader, std::string_view name, std::string_view bytes,
                         FeedSink& sink, std::size_t piece_bytes = kPieceBytes) {
  for (bool first = true;; first = false) {
    const std::string_view part = bytes.substr(0, piece_bytes);
    bytes.remove_prefix(part.size());
    const Piece piece{std::string(name), std::string(part), first, bytes.empty()};
    if (Status status = reader.Take(piece, sink); !status) return status;
    if (bytes.empty()) return Ok();
  }
}

/// A whole feed of one member.
inline Status ReadFeed(std::string_view kind, std::string_view name, std::string_view bytes,
                       FeedSink& sink, std::size_t piece_bytes = kPieceBytes) {
  const auto reader = FindFeed(kind)->make();
  if (Status status = ReadMember(*reader, name, bytes, sink, piece_bytes); !status) return status;
  return reader->Finish(sink);
}

}  // namespace landwaiter::advisories
