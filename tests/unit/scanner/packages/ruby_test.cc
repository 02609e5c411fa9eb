#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/scanner/packages/records.h"

namespace landwaiter::packages {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kPath[] = "usr/local/lib/ruby/gems/3.3.0/specifications/nokogiri-1.16.2.gemspec";

FileReading ReadGem(std::string_view bytes) { return Read("ruby", kPath, bytes); }

struct GemCase {
  const char* name;
  const char* bytes;
  const char* package;
  const char* platform;
};

class GemTest : public testing::TestWithParam<GemCase> {};

TEST_P(GemTest, NamesTheGem) {
  const FileReading reading = ReadGem(GetParam().bytes);
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  ASSERT_THAT(NamesOf(reading), ElementsAre(GetParam().package));
  EXPECT_EQ(reading.packages[0].type, "gem");
  EXPECT_EQ(reading.packages[0].architecture, GetParam().platform);
}

INSTANTIATE_TEST_SUITE_P(
    Table, GemTest,
    testing::Values(
        GemCase{"ByItsStub",
                "# -*- encoding: utf-8 -*-\n# stub: rake 13.0.3 ruby lib\n\n"
                "Gem::Specification.new do |s|\n  s.name = \"rake\".freeze\n"
                "  s.version = \"13.0.3\"\nend\n",
                "rake 13.0.3", ""},
        // Pitfall 127: the platform stands beside the version, as in the file's name.
        GemCase{"OfAPlatform",
                "# -*- encoding: utf-8 -*-\n# stub: nokogiri 1.16.2 aarch64-linux lib\n"
                "# stub: ext/nokogiri/extconf.rb\n\nGem::Specification.new do |s|\n",
                "nokogiri 1.16.2", "aarch64-linux"},
        GemCase{"BelowAMagicComment",
                "# frozen_string_literal: true\n# -*- encoding: utf-8 -*-\n"
                "# stub: bundler 2.1.4 ruby lib\n",
                "bundler 2.1.4", ""},
        GemCase{"ByItsAssignments",
                "Gem::Specification.new do |spec|\n  spec.name = 'async'.freeze # comment\n"
                "  spec.version = \"1.25.0\"\n  spec.platform = \"java\".freeze\nend\n",
                "async 1.25.0", "java"},
        GemCase{"OfOldRubyGems",
                "Gem::Specification.new do |s|\n  s.name = %q{rake}\n  s.version = \"0.8.7\"\n",
                "rake 0.8.7", ""},
        GemCase{"WithAVersionObject",
                "Gem::Specification.new do |s|\n  s.name = \"a\"\n"
                "  s.version = Gem::Version.new(\"1.2\")\n",
                "a 1.2", ""},
        GemCase{"AStubInTheCodeIsNone",
                "Gem::Specification.new do |s|\n# stub: b 9 ruby lib\n  s.name = \"a\"\n"
                "  s.version = \"1\"\n",
                "a 1", ""}),
    [](const auto& info) { return info.param.name; });

TEST(RubyTest, TakesLicences) {
  EXPECT_THAT(ReadGem("# stub: a 1 ruby lib\ns.licenses = [\"Ruby\".freeze, \"BSD-2-Clause\"]\n")
                  .packages[0]
                  .licenses,
              ElementsAre("Ruby", "BSD-2-Clause"));
  EXPECT_THAT(ReadGem("# stub: a 1 ruby lib\nspec.license = \"MIT\"\n").packages[0].licenses,
              ElementsAre("MIT"));
}

TEST(RubyTest, AsksForInstalledGemsOnly) {
  EXPECT_EQ(WantedBy(kPath), "ruby");
  EXPECT_EQ(WantedBy("usr/lib/ruby/gems/3.3.0/specifications/default/json-2.7.1.gemspec"), "ruby");
  EXPECT_EQ(WantedBy("app/vendor/bundle/ruby/3.3.0/specifications/a-1.gemspec"), "ruby");
  EXPECT_EQ(WantedBy("usr/share/rubygems-integration/all/specifications/a-1.gemspec"), "ruby");
  EXPECT_EQ(WantedBy("usr/lib/ruby/gems/3.3.0/gems/a-1/a.gemspec"), "");
  EXPECT_EQ(WantedBy("usr/lib/ruby/gems/3.3.0/bundler/gems/a-0f3c/a.gemspec"), "");
  EXPECT_EQ(WantedBy("app/specifications/pkg/a.gemspec"), "");
}

// Pitfall 159.
TEST(RubyTest, RecordsThatNameNothingFail) {
  EXPECT_THAT(ReadGem("").reason, HasSubstr("nokogiri-1.16.2.gemspec: says no name"));
  EXPECT_THAT(ReadGem("s.version = \"1\"\n").reason, HasSubstr("says no name"));
  EXPECT_THAT(ReadGem("s.name = \"a\"\ns.version = A::VERSION\n").reason,
              HasSubstr("says no version"));
  EXPECT_THAT(ReadGem("s.name = \"a\"\ns.version = \"1").reason, HasSubstr("says no version"));
  EXPECT_THAT(ReadGem("s.name = \"a\"\ns.version = \"#{A}.1\"\n").reason,
              HasSubstr("says no version"));
  // Pitfall 157.
  EXPECT_THAT(ReadGem("s.name = \"a\x1b[2J\"\ns.version = \"1\"\n").reason, HasSubstr("printable"));
}

}  // namespace
}  // namespace landwaiter::packages
