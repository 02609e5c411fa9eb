#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/rpm_databases.h"
#include "tests/unit/scanner/packages/records.h"

namespace landwaiter::packages {
namespace {

using landwaiter::testing::HeaderBlob;
using landwaiter::testing::NdbMaker;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kPath = "var/lib/rpmmanifest/container-manifest-2";

FileReading ReadManifest(const std::string& text) { return ReadSpooled("rpm", kPath, text); }

TEST(RpmManifestTest, IsAListOfPackages) {
  const FileReading reading = ReadManifest(
      "mariner-release\t2.0-12.cm2\t1653816591\t1653753130\tMicrosoft Corporation\t(none)\t580\t"
      "noarch\t0\tmariner-release-2.0-12.cm2.src.rpm\n"
      "gpg-pubkey\t3135ce90-5e6fda74\t1653816591\t1583340148\t(none)\t(none)\t0\t(none)\t0\t(none)"
      "\n"
      "openssl-libs\t1.1.1k-15.cm2\t1653816595\t1653631609\tMicrosoft Corporation\t(none)\t3365\t"
      "x86_64\t0\topenssl-1.1.1k-15.cm2.src.rpm\n");
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_EQ(reading.kind, ReadingKind::kDatabase);
  EXPECT_THAT(NamesOf(reading),
              ElementsAre("mariner-release 2.0-12.cm2", "openssl-libs 1.1.1k-15.cm2"));
  const Package& openssl = reading.packages[1];
  EXPECT_EQ(openssl.type, "rpm");
  EXPECT_EQ(openssl.source_name, "openssl");
  EXPECT_EQ(openssl.source_version, "1.1.1k-15.cm2");
  EXPECT_EQ(openssl.architecture, "x86_64");
  EXPECT_EQ(openssl.vendor, "Microsoft Corporation");
}

struct EpochCase {
  const char* epoch;
  const char* number;
  const char* version;
};

TEST(RpmManifestTest, AnEpochStandsInOneOfTwoColumns) {
  for (const auto& [epoch, number, version] :
       {EpochCase{"(none)", "0", "2-1"}, EpochCase{"(none)", "1", "1:2-1"},
        EpochCase{"1", "1", "1:2-1"}, EpochCase{"0", "0", "0:2-1"}, EpochCase{"", "0", "2-1"}}) {
    const FileReading reading = ReadManifest(std::string("a\t2-1\t1\t1\tv\t") + epoch +
                                             "\t5\tnoarch\t" + number + "\ta-2-1.src.rpm");
    EXPECT_THAT(NamesOf(reading), ElementsAre(std::string("a ") + version)) << epoch;
  }
}

TEST(RpmManifestTest, ALineThatIsNoPackageFailsAndLeavesTheOthers) {
  const std::string good = "a\t2-1\t1\t1\tv\t(none)\t5\tnoarch\t0\ta-2-1.src.rpm\n";
  for (const char* line : {"b", "b\t2-1\t1\t1\tv\t(none)\t5\tnoarch\t0\n",
                           "b\t2\t1\t1\tv\t(none)\t5\tnoarch\t0\tb-2-1.src.rpm\n",
                           "b\t-1\t1\t1\tv\t(none)\t5\tnoarch\t0\tb-2-1.src.rpm\n",
                           "b c\t2-1\t1\t1\tv\t(none)\t5\tnoarch\t0\tb-2-1.src.rpm\n"}) {
    const FileReading reading = ReadManifest(good + line);
    EXPECT_EQ(reading.state, ReadingState::kFailed) << line;
    EXPECT_THAT(reading.reason, HasSubstr("container-manifest-2"));
    EXPECT_THAT(NamesOf(reading), ElementsAre("a 2-1"));
  }
  EXPECT_THAT(NamesOf(ReadManifest("\n")), IsEmpty());
}

// What was upgraded with a package manager stands in its database; the manifest stays as it was.
TEST(RpmManifestTest, ADatabaseCountsBeforeIt) {
  std::vector<FileReading> readings = {
      ReadSpooled("rpm", "var/lib/rpm/Packages.db",
                  NdbMaker().Add(HeaderBlob({.name = "a"})).Build()),
      ReadManifest("a\t2-1\t1\t1\tv\t(none)\t5\tnoarch\t0\ta-2-1.src.rpm\n"
                   "b\t2-1\t1\t1\tv\t(none)\t5\tnoarch\t0\ta-2-1.src.rpm\n")};
  ASSERT_EQ(readings[0].state, ReadingState::kRead) << readings[0].reason;
  CombineReadings(AllSources(), readings);
  ASSERT_EQ(readings.size(), 2u);
  EXPECT_THAT(NamesOf(readings[0]), ElementsAre("a 5.1.8-6.el9"));
  EXPECT_THAT(NamesOf(readings[1]), ElementsAre("b 2-1"));
}

}  // namespace
}  // namespace landwaiter::packages
