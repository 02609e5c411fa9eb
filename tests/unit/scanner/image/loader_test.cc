#include "scanner/image/loader.h"

#include <gtest/gtest.h>

#include <map>

#include "model/scan_request.h"
#include "tests/unit/scanner/image/fake_registry.h"

namespace landwaiter::image {
namespace {

using testing::TinyImage;

class TextReader final : public BlobReader {
 public:
  explicit TextReader(std::string text) : text_(std::move(text)) {}
  Result<std::size_t> Read(char* buffer, std::size_t size) override {
    const std::size_t count = text_.copy(buffer, size, at_);
    at_ += count;
    return count;
  }

 private:
  const std::string text_;
  std::size_t at_ = 0;
};

/// Everything under its digest; one of them is the root.
class MemorySource final : public ImageSource {
 public:
  Digest Add(const std::string& bytes) {
    const Digest digest = Sha256::Of(bytes);
    blobs_[digest] = bytes;
    return digest;
  }
  void SetRoot(const std::string& bytes) { root_ = Add(bytes); }
  void Corrupt(const Digest& digest, const std::string& bytes) { blobs_[digest] = bytes; }

  std::string Name() const override { return "memory"; }
  Result<RawManifest> Manifest(const std::optional<Digest>& asked) override {
    const Digest digest = asked ? *asked : root_;
    const auto found = blobs_.find(digest);
    if (found == blobs_.end()) return NotFound("no manifest " + digest.ToString());
    return RawManifest{found->second, "", digest};
  }
  Result<std::unique_ptr<BlobReader>> Blob(const Descriptor& descriptor) override {
    const auto found = blobs_.find(descriptor.digest);
    if (found == blobs_.end()) return NotFound("no blob " + descriptor.digest.ToString());
    return std::unique_ptr<BlobReader>(std::make_unique<TextReader>(found->second));
  }

 private:
  std::map<Digest, std::string> blobs_;
  Digest root_;
};

/// Adds an image for an architecture; its manifest.
std::string AddImage(MemorySource& source, const std::string& architecture) {
  TinyImage image;
  image.config.replace(image.config.find("amd64"), 5, architecture);
  image.manifest = R"({"schemaVersion":2,"config":)" +
                   TinyImage::Descriptor("application/vnd.oci.image.config.v1+json", image.config) +
                   R"(,"layers":[)" +
                   TinyImage::Descriptor("application/vnd.oci.image.layer.v1.tar", image.layer) +
                   "]}";
  source.Add(image.config);
  source.Add(image.layer);
  source.Add(image.manifest);
  return image.manifest;
}

const std::string kManifestType(media_type::kOciManifest);
const std::string kIndexType(media_type::kOciIndex);

std::string Entry(const std::string& bytes, const std::string& more,
                  const std::string& type = kManifestType) {
  std::string entry = TinyImage::Descriptor(type, bytes);
  return entry.substr(0, entry.size() - 1) + more + "}";
}

std::string On(const std::string& architecture) {
  return R"(,"platform":{"os":"linux","architecture":")" + architecture + "\"}";
}

std::string Index(const std::string& entries) {
  return R"({"schemaVersion":2,"manifests":[)" + entries + "]}";
}

std::string PlatformsOf(const Result<LoadedImage>& image) {
  if (!image) return image.error().reason + ": " + image.error().message;
  std::string out;
  for (const PlatformImage& platform : image->platforms) {
    out += (out.empty() ? "" : " ") + platform.config.platform.ToString();
  }
  return out;
}

// Admission pitfalls 56 and 57.
// Pitfall 32: every platform that was asked for. Pitfalls 35, 36: attestations are not even
// fetched.
TEST(LoadImage, TakesTheWantedPlatformsOfAnIndex) {
  MemorySource source;
  const std::string amd64 = AddImage(source, "amd64");
  const std::string arm64 = AddImage(source, "arm64");
  source.SetRoot(
      Index(Entry(amd64, On("amd64")) + "," + Entry(arm64, On("arm64")) + "," +
            Entry("missing", R"(,"platform":{"os":"unknown","architecture":"unknown"})")));
  EXPECT_EQ(PlatformsOf(LoadImage(source, {})), "linux/amd64 linux/arm64");
  EXPECT_EQ(PlatformsOf(LoadImage(source, {*Platform::Parse("linux/arm64")})), "linux/arm64");
  const auto none = LoadImage(source, {*Platform::Parse("linux/s390x")});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().reason, scan_reason::kNoMatchingPlatform);
}

// Pitfall 33.
TEST(LoadImage, SingleImageIsHeldAgainstItsConfiguration) {
  MemorySource source;
  source.SetRoot(AddImage(source, "arm64"));
  EXPECT_EQ(PlatformsOf(LoadImage(source, {})), "linux/arm64");
  const auto other = LoadImage(source, {*Platform::Parse("linux/amd64")});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().reason, scan_reason::kNoMatchingPlatform);
}

// Admission pitfall 54.
// Pitfall 30: an index, its images and their configurations have a digest each.
TEST(LoadImage, KeepsTheDigestsOfIndexManifestAndConfigurationApart) {
  MemorySource source;
  const std::string amd64 = AddImage(source, "amd64");
  const std::string index = Index(Entry(amd64, On("amd64")));
  source.SetRoot(index);
  const auto image = LoadImage(source, {});
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->digest, Sha256::Of(index));
  ASSERT_EQ(image->platforms.size(), 1u);
  EXPECT_EQ(image->platforms[0].manifest_digest, Sha256::Of(amd64));
  EXPECT_EQ(image->platforms[0].image_id, Sha256::Of(TinyImage().config));
}

TEST(LoadImage, SingleImageOfAnotherPlatformIsTakenWhereANodeWouldRunIt) {
  MemorySource source;
  source.SetRoot(AddImage(source, "arm64"));
  const std::vector<Platform> nodes{*Platform::Parse("linux/amd64")};
  EXPECT_EQ(PlatformsOf(LoadImage(source, nodes, SingleImage::kAnyPlatform)), "linux/arm64");
}

TEST(LoadImage, EntriesWithoutAPlatformAreAskedForTheirs) {
  MemorySource source;
  const std::string amd64 = AddImage(source, "amd64");
  const std::string arm64 = AddImage(source, "arm64");
  // What a runtime would find although the index does not say so, mark or no mark.
  source.SetRoot(Index(
      Entry(arm64, "") + "," +
      Entry(amd64, R"(,"annotations":{"vnd.docker.reference.type":"attestation-manifest"})")));
  EXPECT_EQ(PlatformsOf(LoadImage(source, {})), "linux/arm64 linux/amd64");
  EXPECT_EQ(PlatformsOf(LoadImage(source, {*Platform::Parse("linux/amd64")})), "linux/amd64");
}

TEST(LoadImage, MarkedArtifactsInAnIndexAreSkippedAndOthersAreNot) {
  MemorySource source;
  const std::string amd64 = AddImage(source, "amd64");
  const std::string artifact = R"({"schemaVersion":2,"config":)" +
                               TinyImage::Descriptor("application/vnd.example.signature", "{}") +
                               R"(,"layers":[]})";
  source.Add(artifact);
  source.SetRoot(Index(Entry(amd64, On("amd64")) + "," +
                       Entry(artifact, R"(,"artifactType":"application/vnd.example.signature")")));
  EXPECT_EQ(PlatformsOf(LoadImage(source, {})), "linux/amd64");
  source.SetRoot(Index(Entry(amd64, On("amd64")) + "," + Entry(artifact, "")));
  const auto unmarked = LoadImage(source, {});
  ASSERT_FALSE(unmarked);
  EXPECT_EQ(unmarked.error().reason, scan_reason::kUnsupportedMediaType);
}

TEST(LoadImage, IndexesNestTwoDeepAndNoDeeper) {
  MemorySource source;
  const std::string inner = Index(Entry(AddImage(source, "amd64"), On("amd64")));
  source.Add(inner);
  const std::string outer = Index(Entry(inner, "", kIndexType));
  source.SetRoot(outer);
  EXPECT_EQ(PlatformsOf(LoadImage(source, {})), "linux/amd64");
  source.SetRoot(Index(Entry(outer, "", kIndexType)));
  const auto deep = LoadImage(source, {});
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().reason, scan_reason::kTooLarge);
}

TEST(LoadImage, NamesWhatIsWrong) {
  const auto reason = [](const std::function<void(MemorySource&)>& make) {
    MemorySource source;
    make(source);
    const auto image = LoadImage(source, {});
    return image ? std::string("loaded") : image.error().reason;
  };
  EXPECT_EQ(reason([](MemorySource& source) {  // an image that the index calls an index
              source.SetRoot(Index(Entry(AddImage(source, "amd64"), "", kIndexType)));
            }),
            scan_reason::kMalformedImage);
  EXPECT_EQ(reason([](MemorySource& source) {  // another size than the index says
              std::string entry = Entry(AddImage(source, "amd64"), On("amd64"));
              entry.replace(entry.find("\"size\":") + 7, 1, "9");
              source.SetRoot(Index(entry));
            }),
            scan_reason::kMalformedImage);
  EXPECT_EQ(reason([](MemorySource& source) {  // a configuration of the right size, other bytes
              source.SetRoot(AddImage(source, "amd64"));
              TinyImage image;
              const Digest digest = Sha256::Of(image.config);
              image.config.back() = ']';
              source.Corrupt(digest, image.config);
            }),
            scan_reason::kDigestMismatch);
  EXPECT_EQ(reason([](MemorySource& source) {  // a configuration that never ends
              source.SetRoot(AddImage(source, "amd64"));
              source.Corrupt(Sha256::Of(TinyImage().config), std::string(1u << 20, 'x'));
            }),
            scan_reason::kDigestMismatch);
  EXPECT_EQ(
      reason([](MemorySource& source) {  // no layers for one diffID
        TinyImage image;
        source.Add(image.config);
        source.SetRoot(R"({"schemaVersion":2,"config":)" +
                       TinyImage::Descriptor(std::string(media_type::kOciConfig), image.config) +
                       R"(,"layers":[]})");
      }),
      scan_reason::kMalformedImage);
  EXPECT_EQ(reason([](MemorySource& source) {  // a hundred manifests to be asked for a platform
              std::string entries;
              for (int i = 0; i < 100; ++i) {
                entries += (i == 0 ? "" : ",") + Entry(AddImage(source, "amd64"), "");
              }
              source.SetRoot(Index(entries));
            }),
            scan_reason::kTooLarge);
}

}  // namespace
}  // namespace landwaiter::image
