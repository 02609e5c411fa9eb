// The walk over a layer's tar: which entry is what, and the files of interest to their sources.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/base/result.h"
#include "scanner/layer/collector.h"
#include "scanner/layer/file_hashes.h"
#include "scanner/layer/layer_inventory.h"
#include "scanner/layer/scan_layer.h"
#include "scanner/layer/scratch.h"
#include "scanner/layer/tar_reader.h"
#include "scanner/secrets/find.h"

namespace landwaiter::layer {

class Walker {
 public:
  Walker(const LayerOptions& options, Budget& budget);

  /// To the end of the archive. Errors: as TarReader::Next; Internal where scratch space fails.
  Status Run(const NextChunk& next);
  /// Folders, entries, files, links, whiteouts; digests and sizes are the caller's.
  LayerInventory Take() { return std::move(inventory_); }

 private:
  /// A source that wants the file at hand, under one of its names.
  struct Wish {
    std::size_t source = 0;
    packages::Need need = packages::Need::kNothing;
    std::string name;
    bool spool = false;  // its head was wanted
  };
  struct Contents;

  Status Take(TarReader& reader, const TarEntry& entry);
  Status TakeFile(TarReader& reader, const TarEntry& entry, const std::string& path);
  /// Device nodes and the like.
  Status TakeOther(const TarEntry& entry, const std::string& path);
  Status TakeLink(const TarEntry& entry, const std::string& path, EntryKind kind);
  Result<bool> TakeWhiteout(std::string_view path);
  Status AddEntry(std::string_view path, EntryKind kind, std::uint32_t detail);
  Result<std::uint32_t> FolderIndex(std::string_view folder);
  std::vector<Wish> Wishes(const TarEntry& entry, const std::vector<std::string>& names) const;
  void AddWishes(const TarEntry& entry, const std::string& name, std::vector<Wish>& wishes) const;
  Status ReadContents(TarReader& reader, const TarEntry& entry, std::vector<Wish>& wishes,
                      Contents& contents);
  Status TakeBytes(std::string_view bytes, std::vector<Wish>& wishes, Contents& contents);
  Status DecideHead(std::vector<Wish>& wishes, Contents& contents);
  /// How large the file may be for its source.
  std::uint64_t Most(const Wish& wish) const;
  Status Parse(const TarEntry& entry, const std::vector<Wish>& wishes, Contents& contents,
               KeptFile& kept);
  std::vector<std::string> NamesOf(const std::string& path) const;
  /// False, with a gap told, where the layer has as many marked files as are kept.
  bool HasRoomForMark();
  void TakeSecrets(KeptFile& kept);
  /// Whether the file's bytes are shown to whoever looks for malware.
  bool ShowsForMalware(const TarEntry& entry, KeptFile& kept);
  void TakeMalware(const std::string& path, KeptFile& kept);
  bool HasRoomForHashes();
  void TakeHashes(KeptFile& kept);
  /// Beyond kMaxMalware nothing is told of single files, but that there are more.
  void BoundMalware(KeptFile& kept);
  /// The first of each kind of coverage is kept.
  void Gap(std::string_view source, std::string reason);
  void Mark(const TarEntry& entry, const MarkNeed& need, Contents& contents, KeptFile& kept);
  bool LinkIsUnmarked(const TarEntry& entry, const std::string& path,
                      const std::string& target) const;
  bool LinkIsUnread(const TarEntry& entry, const std::string& path,
                    const std::string& target) const;
  bool IsAskedFor(const std::string& name, std::string_view source) const;

  const LayerOptions& options_;
  Budget& budget_;
  const Collector collector_;
  std::optional<secrets::Finder> finder_;  // nullopt: secrets are not looked for
  std::size_t secrets_ = 0;
  std::optional<FileHasher> hasher_;  // nullopt: nothing is held against packages' records
  std::size_t hashed_ = 0;
  MalwareLook* malware_ = nullptr;  // null: nobody looks, or not any more
  std::size_t malware_told_ = 0;    // files found or not looked at
  ScratchFile scratch_;
  LayerInventory inventory_;
  std::unordered_map<std::string, std::uint32_t> folder_index_;
  std::uint32_t last_folder_ = kNoDetail;
  /// Which sources were shown the bytes of a path: its hard links need not be read again.
  std::unordered_map<std::string, std::vector<std::size_t>> shown_;
  std::size_t marked_ = 0;
};

}  // namespace landwaiter::layer
