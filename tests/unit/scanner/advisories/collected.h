// A sink that keeps what a feed's reader says, and ways to hand a reader bytes.
#pragma once

#include <gtest/gtest.h>

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
  Status Put(const Lifecycle& lifecycle) override {
    lifecycles.push_back(lifecycle);
    return Ok();
  }
  Status PutRepository(std::string_view name, const std::vector<std::string>& cpes) override {
    repositories[std::string(name)] = cpes;
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
  std::vector<Lifecycle> lifecycles;
  std::map<std::string, std::vector<std::string>> repositories;
  std::string released;
  std::vector<std::string> broken;
};

/// "<2", ">=1 <2", "<=1.9", "*" for all versions; a stream stands before it: "el9_2:<2".
inline std::string Text(const Range& range) {
  std::string out;
  for (const Event& event : range.events) {
    if (event.kind == EventKind::kIntroduced && event.version == "0") continue;
    const char* const sign = event.kind == EventKind::kIntroduced     ? ">="
                             : event.kind == EventKind::kFixed        ? "<"
                             : event.kind == EventKind::kLastAffected ? "<="
                                                                      : "limit ";
    out += (out.empty() ? "" : " ") + std::string(sign) + event.version;
  }
  if (out.empty()) out = "*";
  return range.stream.empty() ? out : range.stream + ":" + out;
}

/// "DEBIAN-CVE-1 Debian:12 zlib not affected *", "… zlib <1-2 Negligible module=a:1 arch=x,y".
inline std::string Text(const StagedRecord& record, const StagedPackage& package) {
  const Affected& row = package.affected;
  std::string out = record.advisory.id + " " + package.ecosystem + " " + package.package;
  if (row.claim == Claim::kNotAffected) out += " not affected";
  for (const Range& range : row.ranges) out += " " + Text(range);
  if (!row.versions.empty()) out += " =" + std::to_string(row.versions.size()) + " versions";
  if (row.unfixed_state != FindingState::kAffected) {
    out += " " + std::string(FindingStateName(row.unfixed_state));
  }
  if (!row.severity.source.empty()) out += " " + std::string(SeverityName(row.severity.severity));
  if (!row.module.empty()) out += " module=" + row.module;
  if (row.of_source) out += " of source";
  for (std::size_t i = 0; i < row.architectures.size(); ++i) {
    out += (i == 0 ? " arch=" : ",") + row.architectures[i];
  }
  return out;
}

/// All rows of all records, sorted.
inline std::vector<std::string> RowsOf(const Collected& collected) {
  std::vector<std::string> rows;
  for (const StagedRecord& record : collected.records) {
    for (const StagedPackage& package : record.packages) rows.push_back(Text(record, package));
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

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

/// What one member of a feed says, for tables of tests.
struct FeedCase {
  std::string name;    // a sentence
  std::string member;  // name of the file
  std::string bytes;
  std::vector<std::string> rows;         // as RowsOf
  std::vector<std::string> broken = {};  // parts of the messages of what is left out
};

/// A whole feed of one member.
inline Status ReadFeed(std::string_view kind, std::string_view name, std::string_view bytes,
                       FeedSink& sink, std::size_t piece_bytes = kPieceBytes) {
  const auto reader = FindFeed(kind)->make();
  if (Status status = ReadMember(*reader, name, bytes, sink, piece_bytes); !status) return status;
  return reader->Finish(sink);
}

/// Reads each case whole and in small pieces; what is broken is left out and named.
inline void CheckFeed(std::string_view kind, const std::vector<FeedCase>& cases) {
  for (const FeedCase& c : cases) {
    for (const std::size_t piece : {kPieceBytes, std::size_t{7}}) {
      Collected collected;
      collected.keep_going = true;
      const Status status = ReadFeed(kind, c.member, c.bytes, collected, piece);
      EXPECT_TRUE(status.has_value()) << c.name << ": " << (status ? "" : status.error().message);
      EXPECT_EQ(RowsOf(collected), c.rows) << c.name;
      EXPECT_EQ(collected.broken.size(), c.broken.size()) << c.name;
      for (std::size_t i = 0; i < std::min(collected.broken.size(), c.broken.size()); ++i) {
        EXPECT_NE(collected.broken[i].find(c.broken[i]), std::string::npos)
            << c.name << ": " << collected.broken[i];
      }
    }
  }
}

/// Documents that fail the feed, whatever is to become of broken records, and a part of the
/// message.
inline void CheckRefused(std::string_view kind, std::string_view member,
                         const std::vector<std::pair<std::string, std::string>>& cases) {
  for (const auto& [bytes, message] : cases) {
    Collected collected;
    collected.keep_going = true;
    const Status status = ReadFeed(kind, member, bytes, collected);
    ASSERT_FALSE(status.has_value()) << bytes;
    EXPECT_NE(status.error().message.find(message), std::string::npos)
        << bytes << ": " << status.error().message;
  }
}

/// A document that is cut short is never a shorter one: each cut is refused.
inline void CheckCuts(std::string_view kind, std::string_view member, std::string_view bytes) {
  while (!bytes.empty() && (bytes.back() == '\n' || bytes.back() == ' ')) bytes.remove_suffix(1);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Collected collected;
    const Status status = ReadFeed(kind, member, bytes.substr(0, size), collected);
    EXPECT_FALSE(status.has_value()) << kind << " cut to " << size << " bytes";
  }
}

}  // namespace landwaiter::advisories
