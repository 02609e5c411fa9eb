// What a feed is. One feed is one file in feeds/, one row in feeds/table.cc and a reader made by
// that row: it takes the pieces of the feed's files in their order and hands advisories and facts
// to a sink. The builder is the sink; tests collect.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "scanner/advisories/archive_reader.h"
#include "scanner/advisories/codec.h"

namespace landwaiter::advisories {

class FeedSink {
 public:
  virtual ~FeedSink() = default;
  /// An advisory and the packages that it speaks of. Of records with the same id (and part) the one
  /// modified last counts, then the later one.
  virtual Status Put(StagedRecord record) = 0;
  /// What a feed knows of a CVE whatever the package. The later one of the same feed kind counts.
  virtual Status Put(std::string_view cve, const CveFacts& facts) = 0;
  virtual Status Put(const Lifecycle& lifecycle) = 0;
  /// The CPEs of a Red Hat repository.
  virtual Status PutRepository(std::string_view name, const std::vector<std::string>& cpes) = 0;
  /// When the feed says that it was made (RFC 3339).
  virtual void Released(std::string_view time) = 0;
  /// A record that cannot be read. Ok where the build goes on without it, else the error to return.
  virtual Status Broken(Error error) = 0;
};

/// Reads one feed; holds what it needs between members. Its errors fail the feed, whatever the
/// user wants of broken records (FeedSink::Broken).
class FeedReader {
 public:
  virtual ~FeedReader() = default;
  virtual Status Take(const Piece& piece, FeedSink& sink) = 0;
  /// After the last member.
  virtual Status Finish(FeedSink& /*sink*/) { return Ok(); }
};

/// For feeds whose members are read whole; Feed::max_member_bytes bounds them.
class DocumentReader : public FeedReader {
 public:
  Status Take(const Piece& piece, FeedSink& sink) final;

 protected:
  virtual Status Read(std::string_view name, std::string_view bytes, FeedSink& sink) = 0;

 private:
  std::string bytes_;
};

/// What a feed can and cannot say.
enum class FeedScope {
  kFixes,     // only what has been fixed: without a fix it is silent
  kUnfixed,   // what is not fixed, too
  kDepends,   // what is not fixed only in some of its files, which are told by having it
  kSideData,  // nothing of packages: facts about vulnerabilities or releases
};
std::string_view FeedScopeName(FeedScope scope);  // "fixes only", "unfixed too", …

struct Feed {
  std::string_view kind;  // the word of `db build --feed KIND=PATH`
  FeedScope scope;
  std::string_view ecosystems;                 // of which it speaks, for people; "" for side data
  std::string_view says;                       // one line
  std::string_view address;                    // where it is published
  std::span<const std::string_view> suffixes;  // of the members that are read
  std::size_t max_member_bytes;
  std::unique_ptr<FeedReader> (*make)();
};

/// All feeds, in the order in which `db feeds` lists them.
std::span<const Feed> Feeds();
/// nullptr for a kind that is not known.
const Feed* FindFeed(std::string_view kind);

}  // namespace landwaiter::advisories
