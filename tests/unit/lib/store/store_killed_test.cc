// kill -9 of the process that writes, at any point: what it was told is written is there, whole,
// and nothing else.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <map>
#include <random>
#include <string>

#include "tests/unit/lib/store/engines.h"
#include "tests/unit/lib/store/records.h"

namespace landwaiter::store {
namespace {

using testing::Engine, testing::kEngines;

/// What is held of one image.
struct HeldImage {
  std::string document;
  std::string findings;  // "": none
  std::string package;   // the name of the only one that it holds
  friend bool operator==(const HeldImage&, const HeldImage&) = default;
};
using Holdings = std::map<std::string, HeldImage>;  // by digest

constexpr const char* kPackages[] = {"libc", "libssl", "zlib"};

/// Up to 60 KB that no compression makes small: several pages of the file.
std::string Noise(unsigned step) {
  std::minstd_rand random(step + 1);
  std::string bytes(step * 7919 % 60'000, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random() >> 8);
  return std::to_string(step) + bytes;
}

/// Write number `step` of a sequence that is always the same: to `holdings`, and to the store where
/// there is one.
Status WriteStep(unsigned step, Holdings& holdings, Store* store) {
  const Digest digest = Sha256::Of("image " + std::to_string(step % 7));
  const auto held = holdings.find(digest.ToString());
  if (held != holdings.end() && step % 5 == 4) {
    holdings.erase(held);
    return store != nullptr ? store->Delete(digest) : Ok();
  }
  if (held != holdings.end() && step % 5 == 3) {
    held->second.findings = Noise(step);
    return store != nullptr ? store->PutFindings(digest, testing::Findings(held->second.findings))
                            : Ok();
  }
  const HeldImage image{Noise(step), "", kPackages[step % 3]};
  holdings[digest.ToString()] = image;
  return store != nullptr ? store->PutInventory(digest, testing::Inventory(image.document),
                                                {{"deb", image.package, "1"}})
                          : Ok();
}

Holdings After(unsigned steps) {
  Holdings holdings;
  for (unsigned step = 0; step < steps; ++step) (void)WriteStep(step, holdings, nullptr);
  return holdings;
}

Holdings Read(Store& store) {
  Holdings holdings;
  const auto digests = store.Digests();
  EXPECT_TRUE(digests);
  for (const Digest& digest : *digests) {
    HeldImage& image = holdings[digest.ToString()];
    const auto inventory = store.GetInventory(digest);
    const auto findings = store.GetFindings(digest);
    EXPECT_TRUE(inventory && *inventory && findings) << digest.ToString();
    image.document = (*inventory)->document;
    if (*findings) image.findings = (*findings)->json;
  }
  for (const char* package : kPackages) {
    const auto holders = store.ImagesWith({"deb", package, ""}, 100);
    EXPECT_TRUE(holders) << package;
    for (const Digest& digest : *holders) {
      holdings[digest.ToString()].package += package;
    }
  }
  return holdings;
}

/// Writes from `step` on for ever, and says after each write that it was told so.
[[noreturn]] void Write(testing::Place& place, unsigned step, int acknowledgements) {
  const auto store = place.Open();
  Holdings holdings = After(step);
  for (; store != nullptr; ++step) {
    if (!WriteStep(step, holdings, store.get())) break;
    const char told = 1;
    if (write(acknowledgements, &told, 1) != 1) break;
  }
  _exit(1);
}

class KilledStore : public ::testing::TestWithParam<Engine> {
 protected:
  void SetUp() override { place_ = GetParam().place(); }

  /// A process writes from step `from` on, and is killed once it was told of `wanted` writes, a
  /// random moment later; returns of how many in all.
  unsigned WriteAndKill(unsigned from, unsigned wanted) {
    int pipe_ends[2];
    EXPECT_EQ(pipe(pipe_ends), 0);
    const pid_t writer = fork();
    if (writer == 0) {
      close(pipe_ends[0]);
      Write(*place_, from, pipe_ends[1]);
    }
    close(pipe_ends[1]);
    unsigned told = 0;
    char byte = 0;
    while (told < wanted && read(pipe_ends[0], &byte, 1) == 1) ++told;
    EXPECT_EQ(told, wanted) << "the writer ended by itself";
    // A write takes some milliseconds: to be met anywhere within.
    for (volatile unsigned left = random_() % 3'000'000; left > 0; left = left - 1) {
    }
    kill(writer, SIGKILL);
    int status = 0;
    EXPECT_EQ(waitpid(writer, &status, 0), writer);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    while (read(pipe_ends[0], &byte, 1) == 1) ++told;  // said, and not heard yet
    close(pipe_ends[0]);
    return told;
  }

  std::unique_ptr<testing::Place> place_;
  std::minstd_rand random_{20261126};  // the same moments each time, as far as a machine has any
};

TEST_P(KilledStore, HoldsEachWriteThatWasAcknowledgedAndNoHalfOfOne) {
  constexpr int kKills = 15;
  unsigned written = 0;
  unsigned in_hand = 0;  // kills that met a write which was made, and not acknowledged any more
  for (int kills = 0; kills < kKills; ++kills) {
    const unsigned told = written + WriteAndKill(written, random_() % 25);
    place_->AwaitRest();
    const auto store = place_->Open();
    ASSERT_NE(store, nullptr) << "after " << told << " writes";
    const Holdings found = Read(*store);
    // The write that was in hand may have been made.
    const bool one_more = found != After(told);
    ASSERT_TRUE(!one_more || found == After(told + 1)) << "after " << told << " writes";
    in_hand += one_more ? 1 : 0;
    written = told + (one_more ? 1 : 0);
  }
  RecordProperty("writes", static_cast<int>(written));
  RecordProperty("made_unacknowledged", static_cast<int>(in_hand));
}

INSTANTIATE_TEST_SUITE_P(Engines, KilledStore, ::testing::ValuesIn(kEngines),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace landwaiter::store
