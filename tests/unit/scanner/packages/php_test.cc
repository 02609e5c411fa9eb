#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/scanner/packages/records.h"

namespace landwaiter::packages {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kPath[] = "var/www/vendor/composer/installed.json";
constexpr char kPackages[] =
    R"([{"name":"symfony/http-kernel","version":"v5.4.0","version_normalized":"5.4.0.0",)"
    R"("source":{"type":"git","name":"x","version":"y"},"license":["MIT","Apache-2.0"],)"
    R"("authors":[{"name":"Fabien"}]},)"
    R"({"name":"acme/app","version":"dev-main","type":"metapackage"}])";

FileReading ReadList(std::string_view bytes) { return Read("php", kPath, bytes); }

TEST(PhpTest, ReadsBothFormsOfTheList) {
  const std::string of_composer_2 =
      R"({"packages":)" + std::string(kPackages) + R"(,"dev":false,"dev-package-names":["a/b"]})";
  for (const std::string& bytes : {std::string(kPackages), of_composer_2}) {
    const FileReading reading = ReadList(bytes);
    EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
    EXPECT_EQ(reading.kind, ReadingKind::kDatabase);
    ASSERT_THAT(NamesOf(reading), ElementsAre("symfony/http-kernel v5.4.0", "acme/app dev-main"));
    EXPECT_EQ(reading.packages[0].type, "composer");
    EXPECT_THAT(reading.packages[0].licenses, ElementsAre("MIT", "Apache-2.0"));
    EXPECT_THAT(reading.packages[1].licenses, IsEmpty());
  }
}

TEST(PhpTest, AnEmptyListIsAnAnswer) {
  for (const char* bytes : {"[]", R"({"packages":[],"dev":true})"}) {
    EXPECT_EQ(ReadList(bytes).state, ReadingState::kRead);
    EXPECT_THAT(ReadList(bytes).packages, IsEmpty());
  }
}

TEST(PhpTest, AsksForInstalledListsOnly) {
  EXPECT_EQ(WantedBy(kPath), "php");
  EXPECT_EQ(WantedBy("usr/share/php/lib/composer/installed.json"), "php");
  EXPECT_EQ(WantedBy("app/composer.lock"), "composer-lock");
  EXPECT_EQ(WantedBy("app/mycomposer/installed.json"), "");
}

// Pitfall 159.
TEST(PhpTest, ListsThatCannotBeReadFail) {
  EXPECT_THAT(ReadList("bogus installed.json").reason, HasSubstr("installed.json: is no JSON"));
  EXPECT_THAT(ReadList("null").reason, HasSubstr("holds no list of packages"));
  EXPECT_THAT(ReadList("{}").reason, HasSubstr("holds no list of packages"));
  EXPECT_THAT(ReadList(R"({"packages":{"a/b":"1"}})").reason, HasSubstr("no list"));
  EXPECT_THAT(ReadList(R"([{"name":"a/b"}])").reason, HasSubstr("version"));
  EXPECT_THAT(ReadList(R"(["a/b"])").packages, IsEmpty());
  EXPECT_EQ(ReadList(R"([{"name":"a/b\u001b","version":"1"}])").state, ReadingState::kFailed);
}

TEST(PhpTest, CutAnywhereFails) {
  const std::string whole = kPackages;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(ReadList(whole.substr(0, size)).state, ReadingState::kFailed) << size;
  }
}

TEST(PhpTest, DepthCostsNothing) {
  const std::string deep = R"({"x":)" + std::string(200'000, '[') + std::string(200'000, ']') +
                           R"(,"packages":)" + kPackages + "}";
  EXPECT_EQ(ReadList(deep).packages.size(), 2u);
  EXPECT_EQ(ReadList(std::string(1'000'000, '[')).state, ReadingState::kFailed);
}

}  // namespace
}  // namespace landwaiter::packages
