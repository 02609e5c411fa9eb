// Secrets in files as they come: in pieces, long, binary, hostile.
#include "scanner/secrets/find.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "scanner/secrets/prefilter.h"

namespace landwaiter::secrets {
namespace {

const std::string kToken = std::string("ghp_") + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8";

Finder::Finds FindIn(std::string_view path, std::string_view text,
                     std::size_t piece = std::string::npos) {
  Finder finder([](std::string_view value) { return std::string(value.substr(value.size() - 2)); });
  finder.Begin(path);
  for (std::size_t at = 0; at < text.size(); at += std::min(piece, text.size() - at)) {
    finder.Feed(text.substr(at, piece));
  }
  return finder.Finish();
}

// "rule:line".
std::vector<std::string> Told(const Finder::Finds& finds) {
  std::vector<std::string> told;
  for (const auto& secret : finds.secrets) {
    told.push_back(secret.rule + ":" + std::to_string(secret.line));
  }
  return told;
}

struct FindCase {
  const char* name;
  std::string text;
  std::vector<std::string> told;
};

class FindTest : public testing::TestWithParam<FindCase> {};

TEST_P(FindTest, TellsRuleAndLineHoweverTheBytesCome) {
  for (const std::size_t piece : {std::string::npos, std::size_t{1}, std::size_t{511}}) {
    EXPECT_EQ(Told(FindIn("srv/x", GetParam().text, piece)), GetParam().told) << piece;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, FindTest,
    testing::Values(
        FindCase{"Nothing", "", {}}, FindCase{"NoSecret", "password of the day\n", {}},
        FindCase{"OnTheThirdLine", "a\nb\nt=" + kToken + "\n", {"github-token:3"}},
        FindCase{"WithoutALinesEnd", kToken, {"github-token:1"}},
        FindCase{"TwoOnALine",
                 kToken + " ghp_" + std::string(36, 'z') + "\n",
                 {"github-token:1", "github-token:1"}},
        FindCase{
            "TheSameTwice", kToken + "\n" + kToken + "\n", {"github-token:1", "github-token:2"}},
        FindCase{"FarInALongLine", std::string(5000, ' ') + kToken, {"github-token:1"}},
        FindCase{"BehindManyKeywords",
                 [] {
                   std::string text;
                   for (int i = 0; i < 200; ++i) text += "ghp_ ";
                   return text + kToken;
                 }(),
                 {"github-token:1"}},
        // AWS writes these in its documents.
        FindCase{"AnExampleOfTheDocuments", std::string("AKIA") + "IOSFODNN7EXAMPLE\n", {}},
        FindCase{
            "APlaceholder", "postgres://user:changeme@db/x\npostgres://u:${PASSWORD}@db\n", {}},
        FindCase{"AfterANulTooFarToBeBinary",
                 std::string(9000, 'x') + std::string(1, '\0') + "\n" + kToken,
                 {"github-token:2"}},
        FindCase{"InABinary", std::string("ELF\0", 4) + kToken, {}}),
    [](const auto& info) { return info.param.name; });

TEST(Finder, GoesOnOverTheEdgesOfPieces) {
  // The bounds of a piece fall before, within and behind the token.
  for (std::size_t before = (1u << 20) - 60; before < (1u << 20) + 20; before += 7) {
    std::string text;
    while (text.size() + 64 < before) text += std::string(63, '.') + "\n";
    text += std::string(before - text.size(), ' ') + kToken + "\n" + std::string(100, '-');
    const auto lines = std::count(text.begin(), text.begin() + before, '\n');
    EXPECT_EQ(Told(FindIn("srv/x", text, 4096)),
              std::vector<std::string>{"github-token:" + std::to_string(lines + 1)})
        << before;
  }
}

TEST(Finder, TellsNoValue) {
  const auto finds = FindIn("srv/x", kToken);
  ASSERT_EQ(finds.secrets.size(), 1u);
  EXPECT_EQ(finds.secrets[0].redacted, "ghp_…");
  EXPECT_EQ(finds.secrets[0].hash, "R8");
  EXPECT_EQ(finds.secrets[0].path, "srv/x");
}

TEST(Finder, TrustsPlacesOfLibrariesLess) {
  EXPECT_EQ(FindIn("srv/x", kToken).secrets.at(0).confidence, SecretConfidence::kHigh);
  for (const char* path : {"srv/node_modules/a/x", "node_modules/x", "usr/share/doc/x",
                           "opt/a/tests/x", "usr/lib/python3/dist-packages/x"}) {
    EXPECT_EQ(FindIn(path, kToken).secrets.at(0).confidence, SecretConfidence::kLow) << path;
  }
}

TEST(Finder, SaysWhatItLeavesOut) {
  std::string many;
  for (int i = 0; i < 150; ++i) many += kToken.substr(0, 37) + std::to_string(100 + i) + "\n";
  const auto finds = FindIn("srv/x", many);
  EXPECT_EQ(finds.secrets.size(), kMaxPerFile);
  EXPECT_NE(finds.left_out.find("more than 100 secrets"), std::string::npos) << finds.left_out;
  Finder finder([](std::string_view) { return std::string(); });
  finder.Begin("srv/long");
  const std::string line(1u << 20, '-');
  for (int i = 0; i < 65; ++i) finder.Feed(line);
  EXPECT_NE(finder.Finish().left_out.find("was not searched"), std::string::npos);
}

TEST(Finder, ForgetsTheFileBefore) {
  Finder finder([](std::string_view) { return std::string(); });
  finder.Begin("a");
  finder.Feed("ghp_a1B2c3D4e5F6g7H8i9");
  EXPECT_TRUE(finder.Finish().secrets.empty());
  finder.Begin("b");
  finder.Feed("J0k1L2m3N4o5P6q7R8");
  EXPECT_TRUE(finder.Finish().secrets.empty());
}

TEST(Prefilter, FindsEveryKeywordAsASearchForEachDoes) {
  const std::vector<std::pair<std::string_view, std::uint16_t>> keywords = {
      {"he", 0}, {"she", 1}, {"his", 2}, {"hers", 3}, {"s", 4}, {"ssh", 5}, {"he", 6}};
  const Prefilter prefilter(keywords);
  std::string text = "usHERS his SsHe\xFFshers";
  for (int i = 0; i < 2000; ++i) text += "hersi s"[(i * i + i / 7) % 7];
  std::vector<std::pair<std::size_t, std::uint16_t>> found;
  prefilter.Search(text, [&](std::uint16_t n, std::size_t end) { found.emplace_back(end, n); });
  std::vector<std::pair<std::size_t, std::uint16_t>> expected;
  std::string lower = text;
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  for (const auto& [keyword, number] : keywords) {
    for (auto at = lower.find(keyword); at != std::string::npos; at = lower.find(keyword, at + 1)) {
      expected.emplace_back(at + keyword.size(), number);
    }
  }
  std::sort(found.begin(), found.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(found, expected);
  EXPECT_GT(found.size(), 500u);
}

}  // namespace
}  // namespace landwaiter::secrets
