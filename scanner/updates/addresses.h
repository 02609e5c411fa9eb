// Where feeds are published, and the files that one update fetches: pure, no I/O.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace landwaiter::updates {

/// One row a feed that can be fetched by plain GETs of addresses that are known before.
struct FeedAddress {
  std::string_view kind;  // as `db build --feed KIND=PATH` calls it
  /// "{}" stands for each of `parts` in turn, URL-encoded.
  std::string_view address;
  std::span<const std::string_view> parts = {};
  /// Fetched where nobody says which: not those that are large and speak of one vendor's systems.
  bool by_default = true;
  /// Of the file in the store where the address has none: it tells the build what the file is.
  std::string_view ending = {};
};
std::span<const FeedAddress> FeedAddresses();

/// One file of a feed.
struct FeedFile {
  std::string kind;
  std::string url;
  std::string name;  // in the store; its ending tells the build what it is
  friend bool operator==(const FeedFile&, const FeedFile&) = default;
};

struct FileChoice {
  /// KIND (its address in the table) or KIND=URL (in its place; may hold "{}"). Empty: those of
  /// the table that are fetched by default.
  std::vector<std::string> feeds = {};
  /// Parts of `osv` in place of the table's.
  std::vector<std::string> ecosystems = {};
  /// "https://mirror.example/feeds": what is at https://HOST/PATH is looked for at
  /// https://mirror.example/feeds/HOST/PATH, as `wget --mirror` lays files down. Not for KIND=URL.
  std::string mirror = {};
  /// "2026": of feeds by year the last one; "" for all that the table knows.
  std::string year = {};
};

/// In the order of the choice, then of the table; no name twice.
/// Errors: InvalidArgument naming what cannot be meant.
Result<std::vector<FeedFile>> ChooseFiles(const FileChoice& choice);

}  // namespace landwaiter::updates
