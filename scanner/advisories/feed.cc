#include "scanner/advisories/feed.h"

namespace landwaiter::advisories {

Status DocumentReader::Take(const Piece& piece, FeedSink& sink) {
  if (piece.first && piece.last) return Read(piece.name, piece.bytes, sink);
  if (piece.first) bytes_.clear();
  bytes_ += piece.bytes;
  if (!piece.last) return Ok();
  Status status = Read(piece.name, bytes_, sink);
  bytes_ = {};
  return status;
}

std::string_view FeedScopeName(FeedScope scope) {
  switch (scope) {
    case FeedScope::kFixes:
      return "fixes only";
    case FeedScope::kUnfixed:
      return "unfixed too";
    case FeedScope::kDepends:
      return "unfixed too in some files";
    case FeedScope::kSideData:
      return "side data";
  }
  return "";
}

const Feed* FindFeed(std::string_view kind) {
  for (const Feed& feed : Feeds()) {
    if (feed.kind == kind) return &feed;
  }
  return nullptr;
}

}  // namespace landwaiter::advisories
