// What of a layer's files is collected because a policy asks for it: which files, and what of each.
// The walker asks for every entry; for an empty collection nothing is done.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/regex.h"
#include "model/collection.h"
#include "scanner/layer/layer_inventory.h"
#include "scanner/layer/tar_reader.h"

namespace landwaiter::layer {

/// What stands at or below `real`, as a layer writes it, has a name at or below `name`, too: links
/// of the image lead from one to the other.
struct PathAlias {
  std::string real;
  std::string name;
  friend auto operator<=>(const PathAlias&, const PathAlias&) = default;
};
/// Beyond it, coverage says so.
inline constexpr std::size_t kMaxAliases = 256;
/// `path` and the names that aliases give it, in turn; at most some dozens.
std::vector<std::string> NamesOf(std::string_view path, const std::vector<PathAlias>& aliases);

/// A file with lines that are looked into is read whole.
inline constexpr std::uint64_t kMaxLinesBytes = 4u << 20;

/// What a file's names make of the wishes.
struct MarkNeed {
  bool keep = false;
  bool sha256 = false;
  std::vector<std::uint64_t> expressions = {};  // sorted
  /// All of it is in `other`.
  bool Within(const MarkNeed& other) const;
};

class Collector {
 public:
  Collector(const Collection& collection, std::vector<PathAlias> aliases);
  bool MarksFiles() const { return !wishes_.empty(); }

  /// `names`: paths without aliases, which are added.
  MarkNeed NeedOf(const std::vector<std::string>& names, const TarEntry& entry) const;
  /// Every first line of each expression in a file's bytes.
  std::vector<LineMatch> Matches(const MarkNeed& need, std::string_view bytes) const;

 private:
  struct Wish {
    std::string pattern;
    bool special_only = false;
    bool sha256 = false;
    std::vector<std::uint64_t> expressions;
  };

  std::vector<Wish> wishes_;
  std::vector<PathAlias> aliases_;
  std::vector<std::optional<Regex>> expressions_;  // nullopt: RE2 refused, and no policy has it
};

/// The facts that a header says.
FileMark MarkOf(const TarEntry& entry, CollectedKind kind);
/// Setuid, setgid, writable by everybody, or with capabilities.
bool IsSpecial(std::uint64_t mode, bool capabilities);

}  // namespace landwaiter::layer
