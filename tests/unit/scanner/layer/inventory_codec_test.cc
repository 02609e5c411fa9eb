#include "scanner/layer/inventory_codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "model/scan_request.h"
#include "tests/support/fuzz_seed.h"

namespace landwaiter::layer {
namespace {

using packages::FileReading;
using packages::ReadingKind;
using packages::ReadingState;

// Every field is set, and to something else than its neighbours.
LayerInventory Full() {
  Package package{.type = "maven", .name = "a:b", .version = "1"};
  package.architecture = "amd64";
  package.source_name = "src";
  package.source_version = "2";
  package.purl = "pkg:maven/a/b@1";
  package.path = "opt/a.jar";
  package.within = "BOOT-INF/lib/b.jar";
  package.found_by = "java";
  package.licenses = {"MIT", "Apache-2.0"};
  package.owner = "liba";
  package.module = "nodejs:18";
  package.cpe = "cpe:2.3:a:a:b:1:*:*:*:*:*:*:*";
  package.layer = 3;
  package.dev = true;
  package.source_assumed = true;
  FileReading reading;
  reading.source = "java";
  reading.path = "opt/a.jar";
  reading.kind = ReadingKind::kDatabase;
  reading.state = ReadingState::kUnsupported;
  reading.reason = "why";
  reading.packages = {package, {.type = "deb", .name = "x", .version = "0"}};
  reading.owned = {{"usr/bin/x", "x"}};
  reading.records = {{"usr/bin/x", "x", packages::RecordKind::kSha256, std::string(32, 'r'), true},
                     {"usr/bin/y", "y"}};
  reading.left_out = 300;
  reading.development_left_out = 2;
  reading.os = OperatingSystem{"debian", "12", "bookworm", "Debian", "testing"};
  LayerInventory inventory;
  inventory.digest = Sha256::Of("blob");
  inventory.diff_id = Sha256::Of("tar");
  inventory.media_type = "application/vnd.oci.image.layer.v1.tar+gzip";
  inventory.size_bytes = 1ull << 40;
  inventory.inflated_bytes = 3;
  inventory.folders = {"", "opt", std::string("bad\xff\0name", 9)};
  for (const TreeEntry& entry :
       {TreeEntry{.name = ~0ull, .folder = 1, .detail = 0, .kind = EntryKind::kFile},
        TreeEntry{.name = 7, .folder = 0, .detail = kNoDetail, .kind = EntryKind::kFolder},
        TreeEntry{.name = 8, .folder = 2, .detail = kNoDetail, .kind = EntryKind::kFile},
        TreeEntry{.name = 11, .folder = 2, .detail = kNoDetail, .kind = EntryKind::kFile},
        TreeEntry{.name = 9, .folder = 2, .detail = 1, .kind = EntryKind::kSymlink},
        TreeEntry{.name = 10, .folder = 2, .detail = 0, .kind = EntryKind::kHardLink}}) {
    inventory.entries.Add(entry);
  }
  inventory.files = {{.name = "a.jar", .readings = {reading}, .content = "text"},
                     {.name = "b", .readings = {}, .content = std::nullopt}};
  inventory.links = {{.name = "l", .target = "../x", .unread = true},
                     {.name = "m", .target = "y", .unread = false}};
  inventory.whiteouts = {"etc/gone"};
  inventory.opaque_folders = {"var"};
  FileMark& mark = inventory.files[0].mark.emplace();
  mark.kind = CollectedKind::kOther;
  mark.mode = 04755;
  mark.uid = 1;
  mark.gid = 2;
  mark.size = 1ull << 33;
  mark.capabilities = true;
  mark.sha256 = std::string(64, 'a');
  mark.matches = {{1, 300}};
  mark.unread = "why not";
  inventory.files[1].secrets = {{.rule = "jwt",
                                 .path = "b",
                                 .line = 3,
                                 .layer = -1,
                                 .final = false,
                                 .confidence = SecretConfidence::kHigh,
                                 .redacted = "eyJh…",
                                 .hash = "0f"}};
  inventory.files[1].malware = MalwareFound{"Eicar-Test-Signature", "b"};
  inventory.files[1].unscanned = "too large";
  inventory.files[1].hashes = FileHashes{"m", "s", "S"};
  inventory.links[0].unmarked = true;
  inventory.gaps = {{"files", CoverageState::kFailed, "too many", 1}};
  return inventory;
}

void ExpectSame(const LayerInventory& a, const LayerInventory& b) {
  EXPECT_EQ(EncodeInventory(a), EncodeInventory(b));
  EXPECT_EQ(a.digest, b.digest);
  EXPECT_EQ(a.diff_id, b.diff_id);
  EXPECT_EQ(a.media_type, b.media_type);
  EXPECT_EQ(a.size_bytes, b.size_bytes);
  EXPECT_EQ(a.inflated_bytes, b.inflated_bytes);
  EXPECT_EQ(a.folders, b.folders);
  EXPECT_EQ(a.whiteouts, b.whiteouts);
  EXPECT_EQ(a.opaque_folders, b.opaque_folders);
  ASSERT_EQ(a.entries.size(), b.entries.size());
  for (auto one = a.entries.begin(), other = b.entries.begin(); one != a.entries.end();
       ++one, ++other) {
    EXPECT_EQ((*one).name, (*other).name);
    EXPECT_EQ((*one).folder, (*other).folder);
    EXPECT_EQ((*one).detail, (*other).detail);
    EXPECT_EQ((*one).kind, (*other).kind);
  }
  ASSERT_EQ(a.files.size(), b.files.size());
  for (std::size_t i = 0; i < a.files.size(); ++i) {
    EXPECT_EQ(a.files[i].name, b.files[i].name);
    EXPECT_EQ(a.files[i].readings, b.files[i].readings);
    EXPECT_EQ(a.files[i].content, b.files[i].content);
    EXPECT_EQ(a.files[i].malware, b.files[i].malware);
    EXPECT_EQ(a.files[i].unscanned, b.files[i].unscanned);
    EXPECT_EQ(a.files[i].hashes.has_value(), b.files[i].hashes.has_value());
  }
  ASSERT_EQ(a.links.size(), b.links.size());
  for (std::size_t i = 0; i < a.links.size(); ++i) {
    EXPECT_EQ(a.links[i].name, b.links[i].name);
    EXPECT_EQ(a.links[i].target, b.links[i].target);
    EXPECT_EQ(a.links[i].unread, b.links[i].unread);
  }
}

TEST(InventoryCodec, GivesBackEveryField) {
  const auto back = DecodeInventory(EncodeInventory(Full()));
  ASSERT_TRUE(back) << back.error().message;
  ExpectSame(*back, Full());
}

TEST(InventoryCodec, GivesBackAnEmptyLayer) {
  LayerInventory empty;
  empty.digest = Sha256::Of("");
  empty.diff_id = Sha256::Of("");
  const auto back = DecodeInventory(EncodeInventory(empty));
  ASSERT_TRUE(back) << back.error().message;
  ExpectSame(*back, empty);
}

/// A layer with all that there is, one with nothing, and the parts of one that are not of the
/// other.
TEST(InventoryCodec, TheFuzzTargetStartsFromTodaysForm) {
  const auto expect_seed = [](const std::string& name, const LayerInventory& inventory) {
    const std::string bytes = EncodeInventory(inventory);
    EXPECT_TRUE(DecodeInventory(bytes).has_value()) << name << " is refused";
    fuzzing::ExpectSeed("layer_inventory_fuzz/" + name, bytes);
  };
  LayerInventory none;
  none.digest = Sha256::Of("");
  none.diff_id = Sha256::Of("");
  expect_seed("layer", Full());
  expect_seed("empty", none);
  LayerInventory tree = none;
  tree.folders = {"", "a", "a/b"};
  for (std::uint32_t i = 0; i < 6; ++i) {
    tree.entries.Add({.name = i * 77ull, .folder = i / 2, .detail = kNoDetail});
  }
  tree.links = {{.name = "l", .target = "", .unread = true}};
  tree.entries.Add({.name = 1, .folder = 0, .detail = 0, .kind = EntryKind::kHardLink});
  tree.whiteouts = {"a/x", "etc/passwd"};
  tree.opaque_folders = {"", "a/b"};
  expect_seed("tree", tree);
  LayerInventory records = none;
  for (const ReadingState state : {ReadingState::kRead, ReadingState::kFailed,
                                   ReadingState::kUnsupported, ReadingState::kNotOurs}) {
    FileReading reading;
    reading.source = "python";
    reading.path = "a-1.dist-info/METADATA";
    reading.kind = ReadingKind::kRecord;
    reading.state = state;
    if (state == ReadingState::kFailed) reading.reason = "has no Name";
    if (state == ReadingState::kRead) reading.content_sets = {"rhel-9-for-x86_64-baseos-rpms"};
    records.files.push_back({.name = "METADATA", .readings = {reading}, .content = ""});
  }
  expect_seed("records", records);
}

// Nothing shorter is an inventory, and no byte can be changed into undefined behaviour.
TEST(InventoryCodec, RefusesEveryTruncation) {
  const std::string bytes = EncodeInventory(Full());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto back = DecodeInventory(std::string_view(bytes).substr(0, size));
    ASSERT_FALSE(back) << size;
    EXPECT_EQ(back.error().reason, scan_reason::kScannerFailed);
  }
  EXPECT_FALSE(DecodeInventory(bytes + "x"));
}

/// Gives no more than `piece` bytes at a time.
ReadBytes InPieces(std::string_view bytes, std::size_t piece) {
  return [bytes, piece](char* buffer, std::size_t size) mutable -> Result<std::size_t> {
    const std::size_t count = bytes.copy(buffer, std::min(size, piece));
    bytes.remove_prefix(count);
    return count;
  };
}

TEST(InventoryCodec, IsTheSameInPieces) {
  LayerInventory inventory = Full();
  inventory.files[0].content = std::string(300'000, 'x');  // more than a piece is
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    inventory.entries.Add({.name = i, .folder = i / 40'000, .detail = kNoDetail});
  }
  const std::string bytes = EncodeInventory(inventory);
  std::size_t most = 0;
  std::string joined;
  EncodeInventory(inventory, [&](std::string_view piece) {
    most = std::max(most, piece.size());
    joined += piece;
  });
  EXPECT_EQ(joined, bytes);
  EXPECT_LT(most, 400'000u) << "one text, and no more";
  for (const std::size_t piece : {997u, 65'536u, 10'000'000u}) {
    const auto back = DecodeInventory(InPieces(bytes, piece));
    ASSERT_TRUE(back) << back.error().message;
    ExpectSame(*back, inventory);
  }
}

TEST(InventoryCodec, RefusesPiecesThatBreakOff) {
  const std::string bytes = EncodeInventory(Full());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto back = DecodeInventory(InPieces(std::string_view(bytes).substr(0, size), 5));
    ASSERT_FALSE(back) << size;
    EXPECT_EQ(back.error().reason, scan_reason::kScannerFailed);
  }
  EXPECT_FALSE(DecodeInventory(InPieces(bytes + "x", 5)));
  const auto failed = DecodeInventory(
      [](char*, std::size_t) -> Result<std::size_t> { return Unavailable("the parent is gone"); });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "the parent is gone");
}

TEST(InventoryCodec, OutlivesEveryChangedByte) {
  const std::string bytes = EncodeInventory(Full());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const char value : {'\0', '\1', '\x7f', '\x80', '\xff'}) {
      std::string changed = bytes;
      changed[at] = value;
      if (const auto back = DecodeInventory(changed)) {
        for (const TreeEntry entry : back->entries) {
          ASSERT_LT(entry.folder, back->folders.size());
        }
      }
      (void)DecodeInventory(InPieces(changed, 5));
    }
  }
}

TEST(InventoryCodec, RefusesEntriesThatPointAtNothing) {
  struct Case {
    const char* name;
    TreeEntry entry;
  };
  const Case cases[] = {
      {"a folder that is not there", {.folder = 3, .detail = kNoDetail, .kind = EntryKind::kFile}},
      {"a file that is not kept", {.folder = 0, .detail = 2, .kind = EntryKind::kFile}},
      {"a link that is not there", {.folder = 0, .detail = 2, .kind = EntryKind::kSymlink}},
      {"a link without a target", {.folder = 0, .detail = kNoDetail, .kind = EntryKind::kHardLink}},
      {"a folder with details", {.folder = 0, .detail = 0, .kind = EntryKind::kFolder}},
  };
  for (const Case& c : cases) {
    LayerInventory inventory = Full();
    inventory.entries.Add(c.entry);
    EXPECT_FALSE(DecodeInventory(EncodeInventory(inventory))) << c.name;
  }
}

// A count that the bytes do not pay for must not reserve memory.
TEST(InventoryCodec, RefusesCountsBeyondTheBytes) {
  LayerInventory inventory;
  inventory.digest = Sha256::Of("");
  inventory.diff_id = Sha256::Of("");
  std::string bytes = EncodeInventory(inventory);
  bytes.back() = '\xff';
  bytes += "\xff\xff\xff\xff\xff\xff\xff\x7f";
  EXPECT_FALSE(DecodeInventory(bytes));
}

}  // namespace
}  // namespace landwaiter::layer
