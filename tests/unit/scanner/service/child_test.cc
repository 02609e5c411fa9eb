#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "lib/base/json.h"
#include "scanner/service/sandbox.h"
#include "scanner/service/scan_in_child.h"
#include "tests/unit/scanner/service/memory_image.h"

namespace landwaiter::service {
namespace {

using testing::MemoryImage;
using testing::SmallImage;

ChildOptions Misbehaving(const std::string& how) {
  ChildOptions options;
  options.arguments = {"__misbehave", how};
  options.timeout = std::chrono::seconds(120);
  return options;
}

Error ErrorOf(const std::string& how, ChildOptions options) {
  options.arguments = {"__misbehave", how};
  MemoryImage image;
  auto result = ScanInChild(SmallImage(image), {}, options, {});
  if (result) return {Code::kInternal, "an inventory", "none"};
  return result.error();
}

TEST(ScanInChild, GivesTheSameInventoryAsTheEngineInProcess) {
  MemoryImage image;
  SmallImage(image);
  const auto inside = ScanImage(image, {}, {});
  ASSERT_TRUE(inside) << inside.error().message;
  const auto child = ScanInChild(image, {}, {}, {});
  ASSERT_TRUE(child) << child.error().message;
  EXPECT_EQ(ToJson(*inside), ToJson(*child));
  ASSERT_EQ(child->platforms.size(), 1u);
  const Inventory& inventory = child->platforms[0];
  EXPECT_EQ(inventory.packages.size(), 2u);
  EXPECT_EQ(inventory.config.uid, 1000u);
  ASSERT_TRUE(inventory.os);
  EXPECT_EQ(inventory.os->family, "debian");
  EXPECT_EQ(child->digest, image.digest());
}

TEST(ScanInChild, TheConfigurationAloneIsReadWithoutALayer) {
  MemoryImage image;
  image.Annotations(R"({"org.opencontainers.image.base.name":"debian:12"})");
  SmallImage(image);
  image.ForgetLayers();
  ScanOptions options;
  options.subject = Subject::kConfiguration;
  const auto read = ScanInChild(image, options, {}, {});
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->platforms.size(), 1u);
  const Inventory& inventory = read->platforms[0];
  EXPECT_EQ(inventory.layers.size(), 2u);
  EXPECT_EQ(inventory.declared_base, (DeclaredBase{"debian:12", ""}));
  EXPECT_TRUE(inventory.packages.empty());
  EXPECT_EQ(image.blobs_opened, 1) << "the configuration";
}

TEST(ScanInChild, TellsProgressAndLayers) {
  MemoryImage image;
  SmallImage(image);
  ScanOptions options;
  ScanProgress last;
  int ended = 0;
  options.on_progress = [&](const ScanProgress& progress) { last = progress; };
  options.on_layer = [&](int, const Digest&, bool done) { ended += done ? 1 : 0; };
  ASSERT_TRUE(ScanInChild(image, options, {}, {}));
  EXPECT_EQ(last.layers_done, 2);
  EXPECT_EQ(last.layers_total, 2);
  EXPECT_EQ(last.bytes_received, last.bytes_total);
  EXPECT_EQ(ended, 2);
}

TEST(ScanInChild, TheRegistrysReasonIsTheScans) {
  MemoryImage image;
  SmallImage(image);
  image.failures[image.LayerDigest(1)] = {Code::kPermissionDenied, "registry says no",
                                          std::string(scan_reason::kPullUnauthorized)};
  const auto result = ScanInChild(image, {}, {}, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().reason, scan_reason::kPullUnauthorized);
  EXPECT_EQ(result.error().code, Code::kPermissionDenied);
  EXPECT_NE(result.error().message.find("registry says no"), std::string::npos);
  EXPECT_NE(result.error().message.find("layer 2"), std::string::npos) << result.error().message;
}

TEST(ScanInChild, AWrongBlobIsToldAsSuchAndNotAsTheParseErrorThatItLedTo) {
  for (const char* bytes : {"", "other bytes", "\x1f\x8b\x08 no gzip"}) {
    MemoryImage image;
    SmallImage(image);
    image.other_bytes[image.LayerDigest(0)] = bytes;
    const auto result = ScanInChild(image, {}, {}, {});
    ASSERT_FALSE(result) << bytes;
    EXPECT_EQ(result.error().reason, scan_reason::kDigestMismatch) << result.error().message;
    EXPECT_NE(result.error().message.find("layer 1 of 2"), std::string::npos)
        << result.error().message;
  }
}

TEST(ScanInChild, ALayersChildThatAnswersAnotherLayersInventoryIsRefused) {
  const Error error = ErrorOf("another-layer", {});
  EXPECT_EQ(error.reason, scan_reason::kScannerFailed);
  EXPECT_NE(error.message.find("layer"), std::string::npos) << error.message;
}

// Its bytes may have taken the child over before anybody could know that they are others'.
TEST(ScanInChild, AnAnswerIsNotTakenWhereABlobWasAnotherWhateverTheChildSays) {
  MemoryImage image;
  SmallImage(image);
  const auto root = image.Manifest(std::nullopt);
  ASSERT_TRUE(root);
  const auto manifest = ParseJson(root->bytes, {1u << 20, 16});
  ASSERT_TRUE(manifest);
  const std::string config = manifest->at("config").at("digest");
  image.other_bytes[*Digest::Parse(config)] = "{}";
  const auto result = ScanInChild(image, {}, Misbehaving("half-read-configuration"), {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().reason, scan_reason::kDigestMismatch) << result.error().message;
}

TEST(ScanInChild, AChildThatHandsDescriptorsOverIsEnded) {
  const Error error = ErrorOf("hands-descriptors-over", {});
  EXPECT_EQ(error.reason, scan_reason::kScannerFailed);
  EXPECT_NE(error.message.find("descriptors that nobody wants"), std::string::npos)
      << error.message;
}

struct MisbehaviourCase {
  const char* how;
  const char* words;
};

class Sandbox : public ::testing::Test {
 protected:
  void SetUp() override {
    if (SandboxIsWeakened()) {
      GTEST_SKIP() << "this build's sanitizer needs what the sandbox forbids";
    }
  }
};

TEST_F(Sandbox, KillsWhatItForbids) {
  for (const char* how :
       {"open-file", "make-socket", "exec", "fork", "kill-parent", "map-code", "ptrace-self"}) {
    SCOPED_TRACE(how);
    const Error error = ErrorOf(how, {});
    EXPECT_EQ(error.reason, scan_reason::kScannerFailed);
    EXPECT_NE(error.message.find("killed by SIGSYS"), std::string::npos) << error.message;
  }
}

// Admission pitfall 82.
TEST_F(Sandbox, LimitsMemoryAndProcessorTime) {
  ChildOptions options;
  options.memory_bytes = 512u << 20;
  Error error = ErrorOf("memory", options);
  EXPECT_EQ(error.code, Code::kResourceExhausted) << error.message;
  EXPECT_EQ(error.reason, scan_reason::kTooLarge) << error.message;
  options.cpu_seconds = 1;
  error = ErrorOf("cpu", options);
  EXPECT_EQ(error.reason, scan_reason::kScannerFailed);
  EXPECT_TRUE(error.message.find("SIGXCPU") != std::string::npos ||
              error.message.find("SIGKILL") != std::string::npos)
      << error.message;
}

TEST_F(Sandbox, AnotherUserAndNoFilesButThoseHandedOver) {
  const Error error = ErrorOf("state", {});
  if (geteuid() == 0) {
    EXPECT_NE(error.message.find("uid 65534"), std::string::npos) << error.message;
  }
  // 0-2 are /dev/null; the socket, the result, two scratch files.
  EXPECT_NE(error.message.find("files 0 1 2 3 4 5 6"), std::string::npos) << error.message;
  EXPECT_EQ(error.message.find("files 0 1 2 3 4 5 6 7"), std::string::npos) << error.message;
}

TEST_F(Sandbox, ACrashIsTold) {
  const std::vector<MisbehaviourCase> cases = {
      {"segfault", "killed by SIGSEGV while reading layer 3 (sha256:"},
      {"segfault-in-layer", "of 2 (sha256:"},
      {"segfault-in-layer", "killed by SIGSEGV"},
      {"null", "killed by SIG"},
      {"overflow-stack", "killed by SIGSEGV"},
      {"abort", "killed by SIGABRT"},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.how);
    const Error error = ErrorOf(test.how, {});
    EXPECT_EQ(error.reason, scan_reason::kScannerFailed);
    EXPECT_NE(error.message.find(test.words), std::string::npos) << error.message;
  }
}

TEST(ScanInChild, AnswersThatAreNoInventoryAreRefused) {
  const std::vector<MisbehaviourCase> cases = {
      {"exit-7", "ended with status 7"},
      {"oversized", "at most"},
      {"no-json", "no sound inventory"},
      {"empty", "no sound inventory"},
      {"empty-object", "no sound inventory"},
      {"other-image", "expected one of"},
      {"no-platform", "platform"},
      {"nonsense-packet", "nonsense"},
      {"floods", "too many files"},
      {"false-error", "unknown kind"},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.how);
    const Error error = ErrorOf(test.how, {});
    EXPECT_EQ(error.reason, scan_reason::kScannerFailed) << error.message;
    EXPECT_NE(error.message.find(test.words), std::string::npos) << error.message;
  }
}

TEST(ScanInChild, WordsOfAChildAreMadePrintable) {
  const Error error = ErrorOf("escape-error", {});
  EXPECT_EQ(error.reason, scan_reason::kNotFound);
  EXPECT_EQ(error.message.find('\x1b'), std::string::npos);
}

// Pitfall 156: a scan out of time is a failure with a reason, and no result.
TEST(ScanInChild, ATimeoutNamesTheLayer) {
  ChildOptions options;
  // The child begins and speaks in it, also on a busy machine.
  options.timeout = std::chrono::seconds(4);
  const Error error = ErrorOf("hang", options);
  EXPECT_EQ(error.reason, scan_reason::kScannerFailed);
  EXPECT_EQ(error.code, Code::kDeadlineExceeded);
  EXPECT_NE(error.message.find("while reading layer 3"), std::string::npos) << error.message;
}

TEST(ScanInChild, ACancelledScanEndsItsChild) {
  MemoryImage image;
  SmallImage(image);
  std::stop_source stop;
  ScanOptions options;
  options.on_layer = [&](int, const Digest&, bool) { stop.request_stop(); };
  const auto result = ScanInChild(image, options, Misbehaving("hang"), {stop.get_token()});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kCancelled);
}

TEST(ScanInChild, ManyAtOnceDoNotDisturbEachOther) {
  MemoryImage image;
  SmallImage(image);
  const auto expected = ScanImage(image, {}, {});
  ASSERT_TRUE(expected);
  std::vector<std::jthread> threads;
  std::atomic<int> same = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      MemoryImage own;
      SmallImage(own);
      if (i % 2 == 1) {
        (void)ErrorOf("segfault", {});
        return;
      }
      const auto result = ScanInChild(own, {}, {}, {});
      if (result && ToJson(*result) == ToJson(*expected)) ++same;
    });
  }
  threads.clear();
  EXPECT_EQ(same, 4);
}

TEST(ScanInChild, AProgramThatIsNotThereIsNamed) {
  MemoryImage image;
  ChildOptions options;
  options.program = "/nonexistent/landwaiter";
  const auto result = ScanInChild(SmallImage(image), {}, options, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().reason, scan_reason::kScannerFailed);
  EXPECT_NE(result.error().message.find("/nonexistent/landwaiter"), std::string::npos);
}

}  // namespace
}  // namespace landwaiter::service
