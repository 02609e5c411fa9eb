#include "scanner/image/manifest.h"

#include <gtest/gtest.h>

#include "model/scan_request.h"

namespace landwaiter::image {
namespace {

const std::string kHex(64, 'a');

std::string DescriptorJson(std::string_view type, const std::string& more = "",
                           const std::string& size = "10") {
  return R"({"mediaType":")" + std::string(type) + R"(","digest":"sha256:)" + kHex +
         R"(","size":)" + size + more + "}";
}

const std::string kConfig = DescriptorJson(media_type::kOciConfig);
const std::string kLayer = DescriptorJson("application/vnd.oci.image.layer.v1.tar+gzip");

std::string ManifestJson(const std::string& config, const std::string& layers,
                         const std::string& more = "") {
  return R"({"schemaVersion":2)" + more + R"(,"config":)" + config + R"(,"layers":[)" + layers +
         "]}";
}

std::string Repeat(const std::string& what, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += (i == 0 ? "" : ",") + what;
  return out;
}

struct TypeCase {
  const char* name;
  std::string bytes;
  std::string declared;
  std::string type;         // on success
  std::string_view reason;  // else
};

// Admission pitfall 59.
// Pitfall 38. Pitfall 37: schema 1 is refused by name, never read as an image without layers.
TEST(ManifestType, BytesAndTransportMustAgree) {
  const std::string oci(media_type::kOciManifest);
  const std::string index(media_type::kOciIndex);
  const std::string docker(media_type::kDockerManifest);
  const std::string list(media_type::kDockerList);
  const auto with = [](const std::string& type) { return R"(,"mediaType":")" + type + "\""; };
  const std::string image = ManifestJson(kConfig, kLayer);
  const TypeCase cases[] = {
      {"OCI image by its transport", image, oci, oci, {}},
      {"with parameters", image, oci + "; charset=utf-8", oci, {}},
      {"OCI image by its members", image, "application/json", oci, {}},
      {"nothing declared", image, "", oci, {}},
      {"index by its members", R"({"schemaVersion":2,"manifests":[]})", "text/plain", index, {}},
      {"Docker by its own word", ManifestJson(kConfig, kLayer, with(docker)), "", docker, {}},
      {"its own word before a generic one",
       ManifestJson(kConfig, kLayer, with(docker)),
       "application/octet-stream",
       docker,
       {}},
      {"both images, OCI and Docker", ManifestJson(kConfig, kLayer, with(docker)), oci, docker, {}},
      {"Docker list", R"({"schemaVersion":2,"manifests":[]})", list, list, {}},
      {"image served as index", image, index, "", scan_reason::kMalformedImage},
      {"index served as image", R"({"schemaVersion":2,"manifests":[]})", oci, "",
       scan_reason::kMalformedImage},
      {"image that calls itself an index", ManifestJson(kConfig, kLayer, with(index)), "", "",
       scan_reason::kMalformedImage},
      {"both at once (CVE-2021-41190)",
       R"({"schemaVersion":2,"manifests":[],"config":)" + kConfig + R"(,"layers":[]})", oci, "",
       scan_reason::kMalformedImage},
      {"neither", R"({"schemaVersion":2})", oci, "", scan_reason::kMalformedImage},
      {"schema 1 by its transport", "{}",
       "application/vnd.docker.distribution.manifest.v1+prettyjws", "",
       scan_reason::kUnsupportedMediaType},
      {"schema 1 by its version", R"({"schemaVersion":1,"fsLayers":[]})", "application/json", "",
       scan_reason::kUnsupportedMediaType},
      {"schema 3", R"({"schemaVersion":3,"config":{},"layers":[]})", oci, "",
       scan_reason::kMalformedImage},
      {"unknown type declared", image, "application/vnd.example+json", "",
       scan_reason::kUnsupportedMediaType},
      {"unknown type inside", ManifestJson(kConfig, kLayer, with("application/x-evil")), "", "",
       scan_reason::kUnsupportedMediaType},
      {"HTML", "<html>", "text/html", "", scan_reason::kUnsupportedMediaType},
      {"empty", "", oci, "", scan_reason::kMalformedImage},
      {"no JSON", "hello", oci, "", scan_reason::kMalformedImage},
      {"truncated", image.substr(0, image.size() / 2), oci, "", scan_reason::kMalformedImage},
      {"a list", "[]", oci, "", scan_reason::kMalformedImage},
      {"null", "null", oci, "", scan_reason::kMalformedImage},
      {"mediaType of another type", R"({"schemaVersion":2,"mediaType":7,"layers":[]})", oci, "",
       scan_reason::kMalformedImage},
      {"100,000 deep", std::string(100'000, '['), oci, "", scan_reason::kMalformedImage},
      {"100,000 deep objects", Repeat(R"({"a":)", 1) + std::string(100'000, '{'), oci, "",
       scan_reason::kMalformedImage},
      {"5 MiB", std::string(5u << 20, ' '), oci, "", scan_reason::kTooLarge},
  };
  for (const TypeCase& c : cases) {
    const auto type = ManifestType(c.bytes, c.declared);
    EXPECT_EQ(type.has_value(), c.reason.empty()) << c.name;
    if (type) {
      EXPECT_EQ(*type, c.type) << c.name;
    } else {
      EXPECT_EQ(type.error().reason, c.reason) << c.name << ": " << type.error().message;
    }
  }
}

TEST(ManifestType, UnknownTypeIsNamedAndPrintable) {
  const auto type = ManifestType("{}", "application/x-\x1b[31m");
  ASSERT_FALSE(type);
  EXPECT_NE(type.error().message.find("application/x-?[31m"), std::string::npos);
}

TEST(ParseManifest, ReadsConfigAndLayersInOrder) {
  const std::string foreign = DescriptorJson(
      "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", R"(,"urls":["https://x/y"])");
  const auto manifest =
      ParseManifest(ManifestJson(kConfig, kLayer + "," + foreign), media_type::kOciManifest);
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(manifest->config.size, 10u);
  ASSERT_EQ(manifest->layers.size(), 2u);
  EXPECT_FALSE(IsForeignLayerType(manifest->layers[0].media_type));
  EXPECT_TRUE(IsForeignLayerType(manifest->layers[1].media_type));
  EXPECT_EQ(manifest->layers[1].urls.at(0), "https://x/y");
}

TEST(ParseManifest, TellsWhichBaseItsAnnotationsDeclare) {
  const auto declared = [](const std::string& annotations) {
    std::string bytes = ManifestJson(kConfig, kLayer);
    bytes.insert(bytes.rfind('}'), ",\"annotations\":" + annotations);
    const auto manifest = ParseManifest(bytes, media_type::kOciManifest);
    EXPECT_TRUE(manifest.has_value()) << (manifest ? "" : manifest.error().message);
    return manifest ? manifest->declared_base : std::nullopt;
  };
  const std::string name = "\"org.opencontainers.image.base.name\":";
  const std::string digest = "\"org.opencontainers.image.base.digest\":";
  struct Case {
    const char* name;
    std::string annotations;
    std::optional<DeclaredBase> base;
  };
  const Case cases[] = {
      {"both", "{" + name + "\"a:1\"," + digest + "\"sha256:1\"}", DeclaredBase{"a:1", "sha256:1"}},
      {"the name alone", "{" + name + "\"a:1\"}", DeclaredBase{"a:1", ""}},
      {"others say nothing", "{\"org.opencontainers.image.title\":\"a\"}", {}},
      {"no text", "{" + name + "1," + digest + "[]}", {}},
      {"no annotations at all", "null", {}},
      {"longer than any reference", "{" + name + "\"" + std::string(5000, 'a') + "\"}", {}},
  };
  for (const Case& c : cases) EXPECT_EQ(declared(c.annotations), c.base) << c.name;
}

struct BadCase {
  const char* name;
  std::string bytes;
  std::string_view reason;
  const char* says;
};

// Pitfall 158: sizes. Pitfall 23: artifacts are named as what they are.
TEST(ParseManifest, NamesWhatIsWrong) {
  const std::string layer_type = "application/vnd.oci.image.layer.v1.tar";
  const auto layer = [&](const std::string& size) {
    return ManifestJson(kConfig, DescriptorJson(layer_type, "", size));
  };
  const BadCase cases[] = {
      {"negative size", layer("-1"), scan_reason::kMalformedImage, "layers[0].size"},
      {"size above 2^63", layer("9223372036854775808"), scan_reason::kMalformedImage,
       "layers[0].size"},
      {"size above 2^64", layer("99999999999999999999999"), scan_reason::kMalformedImage, "size"},
      {"huge exponent", layer("1e999999"), scan_reason::kMalformedImage, "number"},
      {"fractional size", layer("1.5"), scan_reason::kMalformedImage, "layers[0].size"},
      {"size as text", layer("\"10\""), scan_reason::kMalformedImage, "layers[0].size"},
      {"size above the limit", layer("21474836481"), scan_reason::kTooLarge, "layers[0].size"},
      {"no size", ManifestJson(kConfig, R"({"mediaType":"x","digest":"sha256:)" + kHex + "\"}"),
       scan_reason::kMalformedImage, "layers[0].size: is missing"},
      {"bad digest",
       ManifestJson(kConfig, R"({"mediaType":"x","digest":"sha256:../../etc","size":1})"),
       scan_reason::kMalformedImage, "layers[0].digest"},
      {"unknown algorithm",
       ManifestJson(kConfig, R"({"mediaType":"x","digest":"md5:aaaa","size":1})"),
       scan_reason::kMalformedImage, "layers[0].digest"},
      {"layers no list", R"({"config":)" + kConfig + R"(,"layers":{}})",
       scan_reason::kMalformedImage, "layers"},
      {"layer no object", ManifestJson(kConfig, "7"), scan_reason::kMalformedImage, "layers[0]"},
      {"no config", R"({"layers":[]})", scan_reason::kMalformedImage, "config: is missing"},
      {"no layers", R"({"config":)" + kConfig + "}", scan_reason::kMalformedImage,
       "layers: is missing"},
      {"128 layers", ManifestJson(kConfig, Repeat(kLayer, 128)), scan_reason::kTooLarge,
       "128 layers"},
      {"config of 9 MiB",
       ManifestJson(DescriptorJson(media_type::kOciConfig, "", "9437184"), kLayer),
       scan_reason::kTooLarge, "configuration of 9437184"},
      {"a Helm chart",
       ManifestJson(DescriptorJson("application/vnd.cncf.helm.config.v1+json"), kLayer),
       scan_reason::kUnsupportedMediaType, "application/vnd.cncf.helm.config.v1+json"},
      {"an empty artifact",
       ManifestJson(DescriptorJson("application/vnd.oci.empty.v1+json"), kLayer),
       scan_reason::kUnsupportedMediaType, "artifact"},
      {"an attestation", ManifestJson(kConfig, DescriptorJson("application/vnd.in-toto+json")),
       scan_reason::kUnsupportedMediaType, "layer 0"},
      {"an encrypted layer", ManifestJson(kConfig, DescriptorJson(layer_type + "+gzip+encrypted")),
       scan_reason::kUnsupportedMediaType, "encrypted"},
  };
  for (const BadCase& c : cases) {
    const auto manifest = ParseManifest(c.bytes, media_type::kOciManifest);
    ASSERT_FALSE(manifest) << c.name;
    EXPECT_EQ(manifest.error().reason, c.reason) << c.name << ": " << manifest.error().message;
    EXPECT_NE(manifest.error().message.find(c.says), std::string::npos)
        << c.name << ": " << manifest.error().message;
  }
}

TEST(ParseManifest, EveryTruncationIsAnError) {
  const std::string whole = ManifestJson(kConfig, kLayer + "," + kLayer);
  ASSERT_TRUE(ParseManifest(whole, media_type::kOciManifest));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(ParseManifest(whole.substr(0, size), media_type::kOciManifest)) << size;
  }
}

std::string Entry(const std::string& platform, const std::string& more = "") {
  return DescriptorJson(media_type::kOciManifest,
                        (platform.empty() ? "" : R"(,"platform":)" + platform) + more);
}

TEST(ParseIndex, ReadsPlatformsAndNamesFaults) {
  const auto parse = [](const std::string& entries) {
    return ParseIndex(R"({"schemaVersion":2,"manifests":[)" + entries + "]}",
                      media_type::kOciIndex);
  };
  const auto index = parse(Entry(R"({"os":"linux","architecture":"arm64","variant":"v8"})") + "," +
                           Entry(R"({"os":"","architecture":""})") + "," + Entry(""));
  ASSERT_TRUE(index) << index.error().message;
  EXPECT_EQ(index->manifests[0].platform->ToString(), "linux/arm64/v8");
  EXPECT_FALSE(index->manifests[1].platform);
  EXPECT_FALSE(index->manifests[2].platform);
  for (const std::string& bad :
       {std::string(R"({"os":1,"architecture":"amd64"})"),
        std::string(R"({"os":"LINUX\u001b","architecture":"amd64"})"),
        std::string(R"({"os":"linux"})"), std::string(R"("linux/amd64")")}) {
    const auto faulty = parse(Entry(bad));
    ASSERT_FALSE(faulty) << bad;
    EXPECT_EQ(faulty.error().reason, scan_reason::kMalformedImage) << faulty.error().message;
  }
  const auto many = parse(Repeat(R"({"digest":"x"})", kMaxIndexEntries + 1));
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().reason, scan_reason::kTooLarge);
}

ImageIndex IndexOf(const std::vector<std::string>& platforms) {
  ImageIndex index;
  for (const std::string& text : platforms) {
    Descriptor& entry = index.manifests.emplace_back();
    entry.digest = Sha256::Of(text + std::to_string(index.manifests.size()));
    if (text != "-") entry.platform = *Platform::Parse(text);
  }
  return index;
}

struct ChoiceCase {
  std::vector<std::string> offered;
  std::vector<std::string> wanted;
  std::vector<std::size_t> chosen;  // empty: NoMatchingPlatform
};

// Admission pitfall 57.
// Pitfall 34: variants and their fall-backs. Pitfall 35: unknown/unknown is no platform.
TEST(ChoosePlatforms, TakesWhatANodeWouldRun) {
  const ChoiceCase cases[] = {
      {{"linux/amd64", "linux/arm64"}, {}, {0, 1}},
      {{"linux/amd64", "unknown/unknown", "linux/amd64"}, {}, {0}},
      {{"linux/arm64", "linux/arm64/v8"}, {}, {0}},
      {{"unknown/unknown"}, {}, {}},
      {{}, {}, {}},
      {{"linux/amd64", "linux/arm64"}, {"linux/arm64"}, {1}},
      {{"linux/amd64", "linux/arm64/v8"}, {"linux/arm64"}, {1}},
      {{"linux/arm/v6", "linux/arm/v7"}, {"linux/arm/v7"}, {1}},
      {{"linux/arm/v5", "linux/arm/v6"}, {"linux/arm/v7"}, {1}},
      {{"linux/arm/v8"}, {"linux/arm/v7"}, {}},
      {{"linux/amd64/v3", "linux/amd64"}, {"linux/amd64"}, {1}},
      {{"linux/386"}, {"linux/amd64"}, {0}},
      {{"linux/386", "linux/amd64"}, {"linux/amd64"}, {1}},
      {{"linux/arm/v7"}, {"linux/arm64"}, {0}},
      {{"linux/amd64"}, {"linux/arm64"}, {}},
      {{"windows/amd64"}, {"linux/amd64"}, {}},
      {{"linux/amd64"}, {"linux/amd64", "linux/arm64"}, {0}},
      {{"linux/amd64"}, {"linux/amd64", "linux/amd64"}, {0}},
      {{"linux/amd64", "linux/amd64"}, {"linux/amd64"}, {0}},
  };
  for (const ChoiceCase& c : cases) {
    std::string name;
    std::vector<Platform> wanted;
    for (const auto& text : c.offered) name += text + " ";
    for (const auto& text : c.wanted) {
      wanted.push_back(*Platform::Parse(text));
      name += "<- " + text;
    }
    const ImageIndex index = IndexOf(c.offered);
    const auto chosen = ChoosePlatforms(index, wanted);
    ASSERT_EQ(chosen.has_value(), !c.chosen.empty()) << name;
    if (!chosen) {
      EXPECT_EQ(chosen.error().reason, scan_reason::kNoMatchingPlatform);
      continue;
    }
    ASSERT_EQ(chosen->size(), c.chosen.size()) << name;
    for (std::size_t i = 0; i < c.chosen.size(); ++i) {
      EXPECT_EQ((*chosen)[i].digest, index.manifests[c.chosen[i]].digest) << name;
    }
  }
}

TEST(ChoosePlatforms, ErrorListsWhatIsThere) {
  const auto chosen = ChoosePlatforms(IndexOf({"linux/amd64", "unknown/unknown", "linux/s390x"}),
                                      {*Platform::Parse("linux/arm64")});
  ASSERT_FALSE(chosen);
  EXPECT_EQ(chosen.error().message,
            "index has no image for linux/arm64, it has linux/amd64, linux/s390x");
}

// Pitfall 35: the mark is an author's word, and a runtime does not read it.
TEST(ChoosePlatforms, AnImageThatIsMarkedAsAnAttestationIsStillAnImage) {
  ImageIndex index = IndexOf({"linux/amd64"});
  index.manifests[0].annotations["vnd.docker.reference.type"] = "attestation-manifest";
  EXPECT_TRUE(ChoosePlatforms(index, {}));
}

}  // namespace
}  // namespace landwaiter::image
