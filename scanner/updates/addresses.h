// Where feeds are published, and the files that one update fetches: pure, no I/O.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "scanner/updates/index.h"

namespace landwaiter::updates {

/// One row a feed that can be fetched by plain GETs of addresses that are known before, or that
/// files at such addresses name.
struct FeedAddress {
  std::string_view name;  // as `db update --feed NAME` calls it
  std::string_view kind;  // as `db build --feed KIND=PATH` does
  /// "{}" stands for each of `parts` in turn, URL-encoded.
  std::string_view address;
  std::span<const std::string_view> parts = {};
  /// Fetched where nobody says which: not those that are large or speak of one vendor's systems.
  bool by_default = false;
  /// Of the file in the store where the address has none: it tells the build what the file is.
  std::string_view ending = {};
  /// Of the file in the store, with "{}" for the part, where it tells which release the feed is of.
  std::string_view file = {};
  Index index = Index::kNone;  // what is at the address
};
std::span<const FeedAddress> FeedAddresses();

/// One file of a feed.
struct FeedFile {
  std::string kind;
  std::string url;
  /// In the store: a name, or a folder's and one in it. Its ending tells the build what it is.
  std::string name;
  Index index = Index::kNone;  // what is at `url`: not the feed, but where that is
  std::string mirror = {};     // for addresses that an index holds
  friend bool operator==(const FeedFile&, const FeedFile&) = default;
};

struct FileChoice {
  /// NAME (its address in the table) or NAME=URL (in its place; may hold "{}"). Empty: those of
  /// the table that are fetched by default.
  std::vector<std::string> feeds = {};
  /// Parts of `osv` in place of the table's.
  std::vector<std::string> ecosystems = {};
  /// "https://mirror.example/feeds": what is at https://HOST/PATH is looked for at
  /// https://mirror.example/feeds/HOST/PATH, as `wget --mirror` lays files down. Not for NAME=URL.
  std::string mirror = {};
  /// "2026": of feeds by year the last one; "" for all that the table knows.
  std::string year = {};
};

/// In the order of the choice, then of the table; no name twice.
/// Errors: InvalidArgument naming what cannot be meant.
Result<std::vector<FeedFile>> ChooseFiles(const FileChoice& choice);

}  // namespace landwaiter::updates
