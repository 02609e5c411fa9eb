// The folder in which an update keeps feeds: what was fetched last and is good, how it was named by
// its server, what is half fetched, and which hosts want to be left alone until when.
//
//   files/NAME  the last good file: a database was built from it
//   new/NAME    fetched whole, not built from yet
//   part/NAME   begun; taken up again where its server can say that it is still the same
//   state.json  the rest; without it all is fetched anew, nothing is wrong
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/result.h"

namespace landwaiter::updates {

/// How a server named what it gave (RFC 9110, 8.8).
struct Validators {
  std::string etag;           // quoted, weak ones too
  std::string last_modified;  // as the server wrote it
  friend bool operator==(const Validators&, const Validators&) = default;
};

struct KnownFile {
  std::string url;
  Validators validators;
  std::uint64_t bytes = 0;  // whole, as its server says; 0 where it does not
  /// When its server last gave it or said that it has not changed; none where nobody noted it.
  TimePoint checked_at{};
  std::uint64_t records = 0;  // that the last database has of it; 0 where none was built of it yet
  /// The program that counted them (UpdateOptions::program): another may count otherwise.
  std::string counted_by = {};
  friend bool operator==(const KnownFile&, const KnownFile&) = default;
};

struct StoreState {
  std::map<std::string, KnownFile> files;  // by name, of files/
  std::map<std::string, KnownFile> parts;  // by name, of part/
  std::map<std::string, TimePoint> hosts;  // not to be asked before
  friend bool operator==(const StoreState&, const StoreState&) = default;
};

std::string ToJson(const StoreState& state);
/// Bounded; errors: InvalidArgument, ResourceExhausted.
Result<StoreState> StateFromJson(std::string_view json);

class Store {
 public:
  /// Makes the folder where it is missing and holds its lock. Errors: Conflict where another update
  /// is at work, PermissionDenied.
  static Result<Store> Open(const std::string& folder);

  StoreState state;
  Status Save() const;

  std::string GoodPath(const std::string& name) const { return folder_ + "/files/" + name; }
  std::string NewPath(const std::string& name) const { return folder_ + "/new/" + name; }
  std::string PartPath(const std::string& name) const { return folder_ + "/part/" + name; }
  /// The folder of a name that has one. Errors: PermissionDenied.
  Status MakeFolderOf(const std::string& name) const;
  /// Makes new/NAME the good one. Not saved.
  Status Promote(const std::string& name, const KnownFile& known);
  /// When the good file was last held against its server: what was noted, else when it was written.
  /// Long ago (1970) where neither can be, so that a clock that was wrong makes nothing look young.
  TimePoint CheckedAt(const std::string& name, TimePoint now) const;

 private:
  Store(std::string folder, FileDescriptor lock)
      : folder_(std::move(folder)), lock_(std::move(lock)) {}
  std::string folder_;
  FileDescriptor lock_;
};

/// Bytes; 0 where there is no such file.
std::uint64_t SizeOf(const std::string& path);

}  // namespace landwaiter::updates
