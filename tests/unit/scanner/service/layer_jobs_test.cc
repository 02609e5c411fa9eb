#include "scanner/service/layer_jobs.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

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
