#include "scanner/layer/walker.h"

#include <algorithm>
#include <utility>

#include "scanner/layer/path.h"
#include "scanner/packages/dpkg_settings.h"
#include "scanner/packages/file_window.h"
#include "scanner/packages/os_release.h"

namespace landwaiter::layer {
namespace {

// OCI image-spec layer.md, "Whiteouts"; ".wh..wh." names are AUFS's own book-keeping.
constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";
constexpr std::string_view kAufs = ".wh..wh.";

// What a kept name costs besides its bytes: string, hash table node, index.
constexpr std::uint64_t kNameOverhead = 96;
// A file of interest starts with this much room, whatever size its header claims.
constexpr std::size_t kFirstReserve = 1u << 20;

packages::FileFacts FactsOf(const TarEntry& entry, std::string_view name) {
  return {.path = name, .mode = entry.mode, .uid = entry.uid, .gid = entry.gid, .size = entry.size};
}

// By the key that names are hashed with: equal within what was read with it, and of no use to
// anybody who guesses values.
std::string SecretHash(std::string_view value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const std::uint64_t hash = HashName(value);
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[(hash >> shift) & 15];
  return text;
}

}  // namespace

struct Walker::Contents {
  std::uint64_t size = 0;  // of the file
  bool keep = false;       // somebody wants all bytes
  bool want_head = false;  // somebody decides by the head
  bool decided = false;
  bool spool = false;
  std::string head = {};
  std::string bytes = {};
  std::optional<Sha256> sha256 = {};
  secrets::Finder* finder = nullptr;  // null: it is not searched
  MalwareLook* malware = nullptr;     // null: it is not shown
  FileHasher* hasher = nullptr;       // null: nobody asks for its hashes
};

Walker::Walker(const LayerOptions& options, Budget& budget)
    : options_(options),
      budget_(budget),
      collector_(options.collection, options.aliases),
      scratch_(options.scratch_fd, 2 * budget.limits().spooled_bytes) {
  if (options.collection.secrets != 0) finder_.emplace(SecretHash);
  if (options.collection.integrity) hasher_.emplace();
  if (!options.collection.malware) return;
  malware_ = options.malware;
  if (malware_ == nullptr) Gap(kMalwareCoverage, "nobody looks at files here");
}

Status Walker::Run(const NextChunk& next) {
  TarReader reader(next, budget_);
  for (;;) {
    auto entry = reader.Next();
    if (!entry) return std::move(entry).error();
    if (!*entry) return Ok();
    if (auto taken = Take(reader, **entry); !taken) return taken;
  }
}

Status Walker::Take(TarReader& reader, const TarEntry& entry) {
  const std::string path = CleanPath(entry.name);
  if (path.empty()) return Ok();  // the root itself
  auto whiteout = TakeWhiteout(path);
  if (!whiteout) return std::move(whiteout).error();
  if (*whiteout) return Ok();
  switch (entry.type) {
    case '0':
      return TakeFile(reader, entry, path);
    case '1':
      return TakeLink(entry, path, EntryKind::kHardLink);
    case '2':
      return TakeLink(entry, path, EntryKind::kSymlink);
    case '5':
    case 'D':
      return AddEntry(path, EntryKind::kFolder, kNoDetail);
    case 'V':
    case 'M':
    case 'N':
      return Ok();  // GNU's volume labels and leftovers of other volumes are no files
    default:
      return TakeOther(entry, path);
  }
}

Result<bool> Walker::TakeWhiteout(std::string_view path) {
  const auto [folder, name] = Split(path);
  if (!name.starts_with(kWhiteout)) return false;
  if (auto kept = budget_.AddRetained(path.size() + kNameOverhead); !kept) {
    return std::move(kept).error();
  }
  if (name == kOpaque) {
    inventory_.opaque_folders.emplace_back(folder);
    return true;
  }
  const std::string_view hidden = name.substr(kWhiteout.size());
  // ".wh." alone, ".wh.." and ".wh..." would name the folder itself or its parent.
  if (name.starts_with(kAufs) || hidden.empty() || hidden == "." || hidden == "..") return true;
  inventory_.whiteouts.push_back(JoinPath(folder, hidden));
  return true;
}

Result<std::uint32_t> Walker::FolderIndex(std::string_view folder) {
  if (last_folder_ != kNoDetail && inventory_.folders[last_folder_] == folder) return last_folder_;
  const auto next = static_cast<std::uint32_t>(inventory_.folders.size());
  const auto [found, added] = folder_index_.try_emplace(std::string(folder), next);
  if (added) {
    if (auto kept = budget_.AddRetained(2 * (folder.size() + kNameOverhead)); !kept) {
      return std::move(kept).error();
    }
    inventory_.folders.emplace_back(folder);
  }
  last_folder_ = found->second;
  return last_folder_;
}

Status Walker::AddEntry(std::string_view path, EntryKind kind, std::uint32_t detail) {
  const auto [folder, name] = Split(path);
  auto index = FolderIndex(folder);
  if (!index) return std::move(index).error();
  inventory_.entries.Add(
      {.name = HashName(name), .folder = *index, .detail = detail, .kind = kind});
  return Ok();
}

Status Walker::TakeLink(const TarEntry& entry, const std::string& path, EntryKind kind) {
  const std::string_view name = Split(path).name;
  if (auto kept = budget_.AddRetained(name.size() + entry.link.size() + kNameOverhead); !kept) {
    return kept;
  }
  Link link{.name = std::string(name), .target = entry.link};
  if (kind == EntryKind::kHardLink) {
    link.target = CleanPath(entry.link);
    link.unread = LinkIsUnread(entry, path, link.target);
    link.unmarked = LinkIsUnmarked(entry, path, link.target);
  }
  inventory_.links.push_back(std::move(link));
  return AddEntry(path, kind, static_cast<std::uint32_t>(inventory_.links.size() - 1));
}

// A file is kept under the name that came first in the tar. Another of its names may be the one
// that says what it is (pnpm links node_modules to a store of nameless files). What a source knows
// by its first bytes was recognised under the first name.
bool Walker::LinkIsUnread(const TarEntry& entry, const std::string& path,
                          const std::string& target) const {
  const auto known = options_.also_known_as.equal_range(target);
  if (std::any_of(known.first, known.second, [&](const auto& as) { return as.second == path; })) {
    return false;  // this is the pass that reads it
  }
  if (packages::IsSystemFile(path) && !packages::IsSystemFile(target)) return true;
  packages::FileFacts facts = FactsOf(entry, path);
  facts.size = std::max<std::uint64_t>(facts.size, 1);  // a hard link's header need not say it
  const auto shown = shown_.find(target);
  for (std::size_t i = 0; i < options_.sources.size(); ++i) {
    const auto& source = options_.sources[i];
    // A hint is not worth a second pass.
    if (source.says == packages::Says::kDeclared) continue;
    const packages::Need need = source.wants(facts);
    if (need == packages::Need::kNothing) continue;
    if (need == packages::Need::kHead && source.wants_head != nullptr) continue;
    const bool seen = shown != shown_.end() && std::find(shown->second.begin(), shown->second.end(),
                                                         i) != shown->second.end();
    if (!seen) return true;
  }
  return false;
}

bool Walker::IsAskedFor(const std::string& name, std::string_view source) const {
  const auto asked = options_.asked_for.equal_range(name);
  return std::any_of(asked.first, asked.second,
                     [&](const auto& by) { return by.second == source; });
}

void Walker::AddWishes(const TarEntry& entry, const std::string& name,
                       std::vector<Wish>& wishes) const {
  const packages::FileFacts facts = FactsOf(entry, name);
  for (std::size_t i = 0; i < options_.sources.size(); ++i) {
    packages::Need need = options_.sources[i].wants(facts);
    if (need == packages::Need::kNothing && IsAskedFor(name, options_.sources[i].name)) {
      need = packages::Need::kContent;
    }
    if (need != packages::Need::kNothing) {
      wishes.push_back({.source = i, .need = need, .name = name});
    }
  }
}

std::vector<std::string> Walker::NamesOf(const std::string& path) const {
  std::vector<std::string> names = {path};
  const auto known = options_.also_known_as.equal_range(path);
  for (auto as = known.first; as != known.second; ++as) names.push_back(as->second);
  return names;
}

std::vector<Walker::Wish> Walker::Wishes(const TarEntry& entry,
                                         const std::vector<std::string>& names) const {
  std::vector<Wish> wishes;
  for (const auto& name : names) AddWishes(entry, name, wishes);
  return wishes;
}

void Walker::Mark(const TarEntry& entry, const MarkNeed& need, Contents& contents, KeptFile& kept) {
  FileMark& mark = kept.mark.emplace(MarkOf(entry, CollectedKind::kFile));
  if (contents.sha256) mark.sha256 = contents.sha256->Finish().Hex();
  if (need.expressions.empty()) return;
  if (entry.size > kMaxLinesBytes) {
    mark.unread = "has " + std::to_string(entry.size) + " bytes, lines are looked at in " +
                  std::to_string(kMaxLinesBytes) + " at most";
    return;
  }
  mark.matches = collector_.Matches(need, contents.bytes);
}

Status Walker::TakeOther(const TarEntry& entry, const std::string& path) {
  const auto need = collector_.NeedOf({path}, entry);
  if (!need.keep || !HasRoomForMark()) return AddEntry(path, EntryKind::kFile, kNoDetail);
  if (auto kept = budget_.AddRetained(path.size() + kNameOverhead); !kept) return kept;
  KeptFile kept{.name = std::string(Split(path).name)};
  kept.mark = MarkOf(entry, CollectedKind::kOther);
  inventory_.files.push_back(std::move(kept));
  return AddEntry(path, EntryKind::kFile, static_cast<std::uint32_t>(inventory_.files.size() - 1));
}

Status Walker::TakeFile(TarReader& reader, const TarEntry& entry, const std::string& path) {
  const std::vector<std::string> names = NamesOf(path);
  std::vector<Wish> wishes = Wishes(entry, names);
  const bool system = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return packages::IsSystemFile(name) || (hasher_ && packages::IsDpkgSetting(name));
  });
  MarkNeed need = collector_.NeedOf(names, entry);
  if (need.keep && !HasRoomForMark()) need = {};
  const bool of_interest = !wishes.empty() || system || need.keep;
  KeptFile kept{.name = std::string(Split(path).name)};
  const bool shown = ShowsForMalware(entry, kept);
  const bool hashed = HasRoomForHashes();
  const bool all_alike = !finder_ && !shown && kept.unscanned.empty() && !hashed;
  if (!of_interest && all_alike) return AddEntry(path, EntryKind::kFile, kNoDetail);
  for (const auto& wish : wishes) shown_[path].push_back(wish.source);

  Contents contents{.size = entry.size};
  const bool keep_system = system && entry.size <= packages::kMaxSystemFileBytes;
  contents.keep = keep_system || (!need.expressions.empty() && entry.size <= kMaxLinesBytes);
  if (need.sha256) contents.sha256.emplace();
  if (finder_) {
    contents.finder = &*finder_;
    finder_->Begin(path);
  }
  if (shown) contents.malware = malware_;
  if (hashed) contents.hasher = &*hasher_;
  if (auto read = ReadContents(reader, entry, wishes, contents); !read) return read;
  if (shown) TakeMalware(path, kept);
  BoundMalware(kept);
  if (hashed) TakeHashes(kept);
  if (auto parsed = Parse(entry, wishes, contents, kept); !parsed) return parsed;
  if (need.keep) Mark(entry, need, contents, kept);
  if (keep_system) kept.content = std::move(contents.bytes);
  if (finder_) TakeSecrets(kept);
  const bool found =
      !kept.secrets.empty() || kept.malware || !kept.unscanned.empty() || kept.hashes;
  if (of_interest || found) {
    const std::uint64_t places = path.size() * (2 + kept.secrets.size());
    if (auto added = budget_.AddRetained(places + 2 * kNameOverhead); !added) return added;
  }
  const bool matters = system || kept.mark || !kept.readings.empty() || found;
  if (!matters) return AddEntry(path, EntryKind::kFile, kNoDetail);
  inventory_.files.push_back(std::move(kept));
  return AddEntry(path, EntryKind::kFile, static_cast<std::uint32_t>(inventory_.files.size() - 1));
}

Status Walker::ReadContents(TarReader& reader, const TarEntry& entry, std::vector<Wish>& wishes,
                            Contents& contents) {
  for (const auto& wish : wishes) {
    if (wish.need == packages::Need::kContent && entry.size <= Most(wish)) contents.keep = true;
    if (wish.need == packages::Need::kHead) contents.want_head = true;
  }
  const bool wanted = contents.keep || contents.want_head || contents.sha256 ||
                      contents.finder != nullptr || contents.malware != nullptr ||
                      contents.hasher != nullptr;
  if (!wanted) return Ok();
  if (auto cleared = scratch_.Truncate(0); !cleared) return cleared;
  if (contents.keep) {
    contents.bytes.reserve(
        static_cast<std::size_t>(std::min<std::uint64_t>(entry.size, kFirstReserve)));
  }
  auto read = reader.ReadContent(
      [&](std::string_view bytes) { return TakeBytes(bytes, wishes, contents); });
  if (!read) return read;
  return contents.want_head && !contents.decided ? DecideHead(wishes, contents) : Ok();
}

Status Walker::TakeBytes(std::string_view bytes, std::vector<Wish>& wishes, Contents& contents) {
  if (contents.keep) contents.bytes += bytes;
  if (contents.sha256) contents.sha256->Update(bytes);
  if (contents.finder != nullptr) contents.finder->Feed(bytes);
  if (contents.malware != nullptr) contents.malware->Feed(bytes);
  if (contents.hasher != nullptr) contents.hasher->Update(bytes);
  if (contents.want_head && !contents.decided) {
    const std::string_view piece = bytes.substr(0, packages::kHeadBytes - contents.head.size());
    contents.head += piece;
    bytes.remove_prefix(piece.size());
    if (contents.head.size() < packages::kHeadBytes) return Ok();
    if (auto decided = DecideHead(wishes, contents); !decided) return decided;
  }
  return contents.spool ? scratch_.Append(bytes) : Ok();
}

Status Walker::DecideHead(std::vector<Wish>& wishes, Contents& contents) {
  contents.decided = true;
  for (auto& wish : wishes) {
    if (wish.need != packages::Need::kHead) continue;
    const auto& source = options_.sources[wish.source];
    wish.spool = source.wants_head == nullptr || source.wants_head(contents.head);
    contents.spool = contents.spool || (wish.spool && contents.size <= Most(wish));
  }
  return contents.spool ? scratch_.Append(contents.head) : Ok();
}

std::uint64_t Walker::Most(const Wish& wish) const {
  const auto& limits = budget_.limits();
  return std::min(options_.sources[wish.source].max_bytes,
                  wish.need == packages::Need::kHead ? limits.spooled_bytes : limits.file_bytes);
}

Status Walker::Parse(const TarEntry& entry, const std::vector<Wish>& wishes, Contents& contents,
                     KeptFile& kept) {
  packages::FileWindow spooled(scratch_, 0, contents.size);
  for (const auto& wish : wishes) {
    const auto& source = options_.sources[wish.source];
    const packages::FileFacts facts = FactsOf(entry, wish.name);
    if (wish.need == packages::Need::kHead && !wish.spool) continue;
    const std::uint64_t most = Most(wish);
    packages::FileReading reading;
    if (wish.need != packages::Need::kPresence && entry.size > most) {
      reading = packages::ExceedsLimit(source, facts, most);
    } else if (wish.need == packages::Need::kHead) {
      reading = source.parse(
          facts, {.file = &spooled, .scratch = &scratch_, .records = hasher_.has_value()});
      if (auto cut = scratch_.Truncate(contents.size); !cut) return cut;
    } else if (wish.need == packages::Need::kContent) {
      reading = source.parse(facts, {.bytes = contents.bytes, .records = hasher_.has_value()});
    } else {
      reading = source.parse(facts, {});
    }
    if (reading.state != packages::ReadingState::kNotOurs) {
      kept.readings.push_back(std::move(reading));
    }
  }
  return Ok();
}

}  // namespace landwaiter::layer
