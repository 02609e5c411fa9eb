#include "scanner/service/layer_jobs.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "scanner/service/layer_cache.h"
#include "tests/unit/scanner/layer/fixtures.h"

namespace landwaiter::service {
namespace {

// Gives one plain layer, slowly, and knows how many are being read.
class SlowSource final : public image::ImageSource {
 public:
  std::string Name() const override { return "slow"; }
  Result<image::RawManifest> Manifest(const std::optional<Digest>& /*digest*/) override {
    return NotFound("no manifest");
  }
  Result<std::unique_ptr<image::BlobReader>> Blob(const image::Descriptor& /*blob*/) override {
    return std::unique_ptr<image::BlobReader>(std::make_unique<Reader>(*this));
  }

  const std::string tar = layer::testing::Tar().File("etc/x", "y").Build();
  std::atomic<int> reading = 0;
  std::atomic<int> most = 0;

 private:
  class Reader final : public image::BlobReader {
   public:
    explicit Reader(SlowSource& source) : source_(source) {
      const int now = ++source_.reading;
      int most = source_.most;
      while (now > most && !source_.most.compare_exchange_weak(most, now)) continue;
    }
    ~Reader() override { --source_.reading; }
    Result<std::size_t> Read(char* buffer, std::size_t size) override {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      const std::size_t count = std::min({size, source_.tar.size() - at_, std::size_t{1024}});
      source_.tar.copy(buffer, count, at_);
      at_ += count;
      return count;
    }

   private:
    SlowSource& source_;
    std::size_t at_ = 0;
  };
};

LayerJob JobOf(const std::string& tar) {
  return {.digest = Sha256::Of(tar),
          .size = tar.size(),
          .media_type = "application/vnd.oci.image.layer.v1.tar",
          .diff_id = Sha256::Of(tar)};
}

TEST(LayerJobs, StartNoMoreChildrenAtATimeThanTheScanHasWorkers) {
  SlowSource source;
  StartMessage start;
  start.layers_at_once = 2;
  start.file_bytes = 1u << 30;
  const ChildOptions child;
  ProgressRelay relay({});
  LayerJobs jobs(source, start, child, {}, relay);
  std::atomic<int> sound = 0;
  {
    std::vector<std::jthread> askers;
    for (int i = 0; i < 8; ++i) {
      askers.emplace_back([&] {
        const auto layer = jobs.Read(JobOf(source.tar));
        if (layer && layer->size > 0) ++sound;
      });
    }
  }
  EXPECT_EQ(sound, 8);
  EXPECT_LE(source.most, 2);
}

// A registry may send other bytes in place of a layer that everybody has, and those may take the
// child over: what it says must not be kept for all images that have that layer.
TEST(LayerJobs, KeepNothingOfALayerThatHasNotPassedWhole) {
  const std::string folder = ::testing::TempDir() + "/unread-" + std::to_string(getpid());
  for (const char* how : {"unread-layer", "half-read-layer"}) {
    // A small layer has passed whole when its first slot is read: then what the child says is its
    // own.
    for (const bool honest_bytes : {true, false}) {
      if (honest_bytes && std::string_view(how) == "half-read-layer") continue;
      SCOPED_TRACE(std::string(how) + (honest_bytes ? "" : ", other bytes"));
      std::filesystem::remove_all(folder);
      auto cache = LayerCache::Open(folder, 1 << 20);
      ASSERT_TRUE(cache) << cache.error().message;
      SlowSource source;
      StartMessage start;
      start.file_bytes = 1u << 30;
      ChildOptions child;
      child.arguments = {"__misbehave", how};
      child.layer_cache = cache->get();
      ProgressRelay relay({});
      LayerJobs jobs(source, start, child, {}, relay);
      LayerJob job = JobOf(source.tar);
      if (!honest_bytes) job.digest = Sha256::Of("a layer that everybody has");
      const auto layer = jobs.Read(job);
      EXPECT_FALSE(layer);
      EXPECT_FALSE((*cache)->Get((*cache)->KeyOf(job, start)));
    }
  }
  std::filesystem::remove_all(folder);
}

TEST(LayerJobs, StartNoneOnceTheScanHasEnded) {
  SlowSource source;
  StartMessage start;
  start.file_bytes = 1u << 30;
  const ChildOptions child;
  ProgressRelay relay({});
  std::stop_source stop;
  LayerJobs jobs(source, start, child, Cancellation{stop.get_token()}, relay);
  stop.request_stop();
  const auto layer = jobs.Read(JobOf(source.tar));
  ASSERT_FALSE(layer);
  EXPECT_EQ(layer.error().code, Code::kCancelled);
  EXPECT_EQ(source.most, 0);
}

}  // namespace
}  // namespace landwaiter::service
