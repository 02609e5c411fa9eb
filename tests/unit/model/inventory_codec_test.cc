// The inventory's bytes: what goes out comes back, and what a broken child says is refused with the
// field's name.
#include "model/inventory_codec.h"

#include <gtest/gtest.h>

#include <functional>
#include <tuple>
#include <utility>

#include "model/scan_request.h"
#include "tests/support/fuzz_seed.h"
#include "tests/unit/model/inventories.h"

namespace landwaiter {
namespace {

TEST(InventoryCodec, ComesBackAsItWent) {
  const ImageInventory image = AnInventory();
  const std::string bytes = EncodeImageInventory(image);
  EXPECT_EQ(bytes, EncodeImageInventory(image));
  std::string pieces;
  EncodeImageInventory(image, [&](std::string_view piece) { pieces += piece; });
  EXPECT_EQ(bytes, pieces);
  const auto back = DecodeImageInventory(bytes);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, image);
  EXPECT_EQ(ToJson(*back), ToJson(image));
}

TEST(InventoryCodec, TheFuzzTargetStartsFromTodaysForm) {
  fuzzing::ExpectSeed("scan_child_answer_fuzz/inventory", EncodeImageInventory(AnInventory()));
  ImageInventory empty;
  empty.digest = Sha256::Of("");
  fuzzing::ExpectSeed("scan_child_answer_fuzz/inventory-of-nothing", EncodeImageInventory(empty));
}

// The bindings name every field of a record: one that is added breaks them here, too, and then
// has to be filled.
auto FieldsOf(const Package& record) {
  const auto& [type, name, version, architecture, source_name, source_version, purl, path, within,
               found_by, licenses, owner, module, vendor, cpe, layer, dev, source_assumed] = record;
  return std::tie(type, name, version, architecture, source_name, source_version, purl, path,
                  within, found_by, licenses, owner, module, vendor, cpe, layer, dev,
                  source_assumed);
}
auto FieldsOf(const OperatingSystem& record) {
  const auto& [family, version, codename, pretty_name, variant] = record;
  return std::tie(family, version, codename, pretty_name, variant);
}
auto FieldsOf(const ImageConfig& record) {
  const auto& [user, uid, exposed_ports, env, entrypoint, cmd, volumes, working_dir, labels,
               healthcheck, created, history] = record;
  return std::tie(user, uid, exposed_ports, env, entrypoint, cmd, volumes, working_dir, labels,
                  healthcheck, created, history);
}
auto FieldsOf(const HistoryEntry& record) {
  const auto& [created_by, comment, empty_layer] = record;
  return std::tie(created_by, comment, empty_layer);
}
auto FieldsOf(const ImageLayer& record) {
  const auto& [digest, diff_id, media_type, size_bytes, created_by, content_sets] = record;
  return std::tie(digest, diff_id, media_type, size_bytes, created_by, content_sets);
}
auto FieldsOf(const Coverage& record) {
  const auto& [source, state, reason, packages] = record;
  return std::tie(source, state, reason, packages);
}
auto FieldsOf(const DeclaredBase& record) {
  const auto& [name, digest] = record;
  return std::tie(name, digest);
}
auto FieldsOf(const Inventory& record) {
  const auto& [platform, manifest_digest, image_id, size_bytes, os, config, layers, packages,
               repositories, coverage, hints, declared_base, files, passwd, secrets, malware,
               integrity] = record;
  return std::tie(platform, manifest_digest, image_id, size_bytes, os, config, layers, packages,
                  repositories, coverage, hints, declared_base, files, passwd, secrets, malware,
                  integrity);
}
auto FieldsOf(const CollectedFile& record) {
  const auto& [path, leads_to, kind, mode, uid, gid, size, layer, capabilities, sha256, matches,
               unread] = record;
  return std::tie(path, leads_to, kind, mode, uid, gid, size, layer, capabilities, sha256, matches,
                  unread);
}
auto FieldsOf(const PasswdEntry& record) {
  const auto& [name, uid, gid, shell] = record;
  return std::tie(name, uid, gid, shell);
}
auto FieldsOf(const SecretFound& record) {
  const auto& [rule, path, line, layer, final, confidence, redacted, hash] = record;
  return std::tie(rule, path, line, layer, final, confidence, redacted, hash);
}
auto FieldsOf(const MalwareFound& record) {
  const auto& [signature, path, layer, final] = record;
  return std::tie(signature, path, layer, final);
}
auto FieldsOf(const IntegrityFound& record) {
  const auto& [path, package, fault, config, layer] = record;
  return std::tie(path, package, fault, config, layer);
}

template <class T>
void ExpectFilled(const char* name, const T& record) {
  const T empty{};
  const auto fields = FieldsOf(record);
  const auto nothing = FieldsOf(empty);
  const auto expect = [&](std::size_t index, bool same) {
    EXPECT_FALSE(same) << name << ", field " << index;
  };
  [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
    (expect(kIndex, std::get<kIndex>(fields) == std::get<kIndex>(nothing)), ...);
  }
  (std::make_index_sequence<std::tuple_size_v<decltype(fields)>>());
}

TEST(InventoryCodec, TheInventoryThatComesBackHasEveryFieldFilled) {
  const ImageInventory image = AnInventory();
  EXPECT_FALSE(image.media_type.empty());
  EXPECT_FALSE(image.readers.empty());
  const Inventory& platform = image.platforms.back();
  ExpectFilled("Inventory", platform);
  ExpectFilled("OperatingSystem", *platform.os);
  ExpectFilled("ImageConfig", platform.config);
  ExpectFilled("HistoryEntry", platform.config.history.back());
  ExpectFilled("ImageLayer", platform.layers.back());
  ExpectFilled("Package", platform.hints.back());
  ExpectFilled("Coverage", platform.coverage.back());
  ExpectFilled("DeclaredBase", *platform.declared_base);
  ExpectFilled("CollectedFile", platform.files.back());
  ExpectFilled("PasswdEntry", platform.passwd->entries.back());
  EXPECT_FALSE(platform.passwd->malformed.empty());
  ExpectFilled("SecretFound", platform.secrets.back());
  ExpectFilled("MalwareFound", platform.malware.back());
  ExpectFilled("IntegrityFound", platform.integrity.back());
  EXPECT_FALSE(image.malware_database.empty());
  EXPECT_FALSE(image.collected.empty());
}

TEST(InventoryCodec, WhatIsNoUtf8IsReplacedAsInJson) {
  ImageInventory image = AnInventory();
  image.platforms[0].packages[0].name = "a\xE2\x82 b\xFF\xC3\xA9\xED\xA0\x80";
  image.platforms[0].config.labels = {{"\x80", "\xF0\x9F\x98"}};
  const auto back = DecodeImageInventory(EncodeImageInventory(image));
  const auto as_json = ImageInventoryFromJson(ToJson(image));
  ASSERT_TRUE(back) << back.error().message;
  ASSERT_TRUE(as_json) << as_json.error().message;
  EXPECT_EQ(*back, *as_json);
}

TEST(InventoryCodec, TruncatedAnywhereIsRefused) {
  const std::string whole = EncodeImageInventory(AnInventory());
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(DecodeImageInventory(std::string_view(whole).substr(0, length))) << length;
  }
  EXPECT_FALSE(DecodeImageInventory(whole + '\0'));
}

TEST(InventoryCodec, ChangedBytesAreRefusedOrAnotherInventory) {
  const ImageInventory image = AnInventory();
  const std::string whole = EncodeImageInventory(image);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int change : {0x01, 0x80, 0xFF}) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ change);
      const auto back = DecodeImageInventory(bytes);
      if (back) {
        EXPECT_NE(*back, image) << at;
        EXPECT_EQ(*DecodeImageInventory(EncodeImageInventory(*back)), *back) << at;
      }
    }
  }
}

struct BrokenBytes {
  const char* name;
  std::function<void(ImageInventory&)> breaks;
  const char* message;  // must be part of the error's text
};

class BrokenEncodedInventoryTest : public testing::TestWithParam<BrokenBytes> {};

TEST_P(BrokenEncodedInventoryTest, IsRefusedByName) {
  ImageInventory image = AnInventory();
  GetParam().breaks(image);
  const auto back = DecodeImageInventory(EncodeImageInventory(image));
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, Code::kInvalidArgument);
  EXPECT_NE(back.error().message.find(GetParam().message), std::string::npos)
      << back.error().message;
}

Inventory& First(ImageInventory& image) { return image.platforms[0]; }

INSTANTIATE_TEST_SUITE_P(
    Table, BrokenEncodedInventoryTest,
    testing::Values(
        BrokenBytes{"NoPlatforms", [](auto& i) { i.platforms.clear(); }, "platforms"},
        BrokenBytes{"TooManyPlatforms", [](auto& i) { i.platforms.resize(65, i.platforms[0]); },
                    "platforms"},
        BrokenBytes{"PackageWithoutName", [](auto& i) { First(i).packages[0].name.clear(); },
                    "name"},
        BrokenBytes{"PackageWithoutType", [](auto& i) { First(i).packages[0].type.clear(); },
                    "type"},
        BrokenBytes{"LayerIndexOutOfTheImage", [](auto& i) { First(i).packages[0].layer = 1; },
                    "layer"},
        BrokenBytes{"LayerIndexOfAHintOutOfTheImage", [](auto& i) { First(i).hints[0].layer = 7; },
                    "layer"},
        BrokenBytes{"NoDigest", [](auto& i) { i.digest = Digest(); }, "digest"},
        BrokenBytes{"NumberThatIsNoState",
                    [](auto& i) { First(i).coverage[0].state = static_cast<CoverageState>(6); },
                    "state"},
        BrokenBytes{"CoverageOfNoSource", [](auto& i) { First(i).coverage[0].source.clear(); },
                    "source"},
        BrokenBytes{"TooManyLayers",
                    [](auto& i) { First(i).layers.resize(128, First(i).layers[0]); }, "layers"},
        BrokenBytes{"TooManyLicenses",
                    [](auto& i) { First(i).packages[0].licenses.resize(65, "MIT"); }, "licenses"},
        BrokenBytes{"HugeName",
                    [](auto& i) { First(i).packages[0].name = std::string(100'000, 'x'); }, "name"},
        BrokenBytes{"HugeNameOfABase",
                    [](auto& i) { First(i).declared_base->name = std::string(8193, 'x'); },
                    "declaredBase.name"},
        BrokenBytes{"HugeDigestOfABase",
                    [](auto& i) { First(i).declared_base->digest = std::string(161, 'x'); },
                    "declaredBase.digest"},
        BrokenBytes{"HugeReason",
                    [](auto& i) { First(i).coverage[0].reason = std::string(8193, 'x'); },
                    "reason"},
        BrokenBytes{"FileWithoutPath", [](auto& i) { First(i).files[0].path.clear(); },
                    "files.path"},
        BrokenBytes{"FileOfAKindThatIsNone",
                    [](auto& i) { First(i).files[0].kind = static_cast<CollectedKind>(3); },
                    "files.kind"},
        BrokenBytes{"TooManyFiles",
                    [](auto& i) { First(i).files.resize(20'001, First(i).files[0]); }, "files"},
        BrokenBytes{"TooManyPasswdEntries",
                    [](auto& i) { First(i).passwd->entries.resize(10'001); }, "passwd"},
        BrokenBytes{"SecretOfNoRule", [](auto& i) { First(i).secrets[0].rule.clear(); },
                    "secrets.rule"},
        BrokenBytes{"SecretOfALayerOutOfTheImage", [](auto& i) { First(i).secrets[0].layer = 1; },
                    "layer"},
        BrokenBytes{"MalwareOfNoName", [](auto& i) { First(i).malware[0].signature.clear(); },
                    "malware.signature"},
        BrokenBytes{"TooMuchMalware",
                    [](auto& i) { First(i).malware.resize(1'001, First(i).malware[0]); },
                    "malware"},
        BrokenBytes{"IntegrityOfNoPackage", [](auto& i) { First(i).integrity[0].package.clear(); },
                    "integrity.package"},
        BrokenBytes{"CollectionOfTooManyFiles",
                    [](auto& i) {
                      i.collected.files.resize(513, {std::string("a"), false, false, {}});
                    },
                    "collected"}),
    [](const auto& info) { return info.param.name; });

TEST(InventoryCodec, AnotherVersionIsRefusedByName) {
  std::string newer = EncodeImageInventory(AnInventory());
  ++newer[newer.find('4')];
  const auto back = DecodeImageInventory(newer);
  ASSERT_FALSE(back);
  EXPECT_NE(back.error().message.find("'landwaiter inventory 5'"), std::string::npos)
      << back.error().message;
}

// As stores of earlier versions hold it. What a version did not have is empty in the form of today,
// and a byte or three of it; here they are taken out.
struct OlderForm {
  const char* name;
  char version;
  std::size_t fields_of_the_image;  // behind the media type: readers, collected, malwareDatabase
  std::size_t lists;                // at the end: files, passwd, secrets, malware, integrity
};

class OlderFormTest : public testing::TestWithParam<OlderForm> {};

TEST_P(OlderFormTest, IsReadWithoutWhatItDidNotHave) {
  ImageInventory before;
  before.digest = Sha256::Of("index");
  before.media_type = "application/vnd.oci.image.manifest.v1+json";
  Inventory& platform = before.platforms.emplace_back();
  platform.platform = {"linux", "amd64"};
  platform.manifest_digest = platform.image_id = before.digest;
  std::string bytes = EncodeImageInventory(before);
  bytes[bytes.find('4')] = GetParam().version;
  bytes.erase(bytes.find(before.media_type) + before.media_type.size(),
              GetParam().fields_of_the_image);
  bytes.resize(bytes.size() - GetParam().lists);
  const auto back = DecodeImageInventory(bytes);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, before);
  EXPECT_FALSE(back->collected.Covers({.files = {{"etc/shadow"}}}));
}

INSTANTIATE_TEST_SUITE_P(Versions, OlderFormTest,
                         testing::Values(OlderForm{"TheFirst", '1', 3, 5},
                                         OlderForm{"TheSecond", '2', 2, 5},
                                         OlderForm{"TheThird", '3', 1, 2}),
                         [](const auto& info) { return info.param.name; });

TEST(InventoryCodec, OtherFormsAreRefused) {
  std::string newer = EncodeImageInventory(AnInventory());
  ++newer[newer.find('4')];
  const std::string head = "landwaiter inventory 4\n";
  const std::string digest = Sha256::Of("index").ToString();
  const std::string lie = head + static_cast<char>(digest.size()) + digest + std::string(4, '\0');
  for (const std::string& bytes :
       {std::string(), std::string("{}"), ToJson(AnInventory()), newer, head,
        lie + "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01",  // so many platforms
        lie + "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", lie + '\x40'}) {
    EXPECT_FALSE(DecodeImageInventory(bytes)) << bytes.substr(0, 40);
  }
}

TEST(InventoryCodec, ALaterVersionIsToldFromWhatIsBroken) {
  const std::pair<const char*, Code> cases[] = {
      {"landwaiter inventory 5\n", Code::kUnsupported},
      {"landwaiter inventory 99\nof fields to come", Code::kUnsupported},
      {"landwaiter inventory 99", Code::kUnsupported},  // cut: whole to nobody, but not ours to say
      {"landwaiter inventory 0\n", Code::kInvalidArgument},
      {"landwaiter inventory -3\n", Code::kInvalidArgument},
      {"landwaiter inventory 4x\n", Code::kInvalidArgument},
      {"landwaiter inventory 99999999999\n", Code::kInvalidArgument},
      {"landwaiter inventory \n", Code::kInvalidArgument},
      {"landwaiter inventory ", Code::kInvalidArgument},
      {"another format 99\n", Code::kInvalidArgument}};
  for (const auto& [bytes, code] : cases) {
    const auto back = DecodeImageInventory(bytes);
    ASSERT_FALSE(back) << bytes;
    EXPECT_EQ(back.error().code, code) << bytes;
  }
}

}  // namespace
}  // namespace landwaiter
