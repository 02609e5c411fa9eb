// Tables of known answers: those that the project carries, and the shared ones where they are.
#include <gtest/gtest.h>

#include <string>

#include "scanner/versions/table.h"
#include "tests/unit/scanner/versions/shared_tables.h"

namespace landwaiter::versions {
namespace {

void ExpectAllRight(std::optional<Scheme> scheme, const std::string& file, std::size_t least) {
  const auto content = ReadWhole(file);
  ASSERT_TRUE(content) << file << " cannot be read: run the tests from the repository's root";
  const TableReport report = CheckTable(scheme, *content);
  EXPECT_GE(report.rows, least);
  for (const WrongRow& wrong : report.wrong) {
    ADD_FAILURE() << file << ":" << wrong.line << ": " << wrong.row << ": got " << wrong.got;
  }
}

class FactsTest : public testing::TestWithParam<Scheme> {};

// The tables that the project carries itself, one a scheme.
TEST_P(FactsTest, EveryRowIsRight) {
  const std::string name(SchemeName(GetParam()));
  ExpectAllRight(GetParam(), "tests/unit/scanner/versions/facts/" + name + ".tsv", 20);
}

INSTANTIATE_TEST_SUITE_P(Table, FactsTest, testing::ValuesIn(AllSchemes()),
                         [](const auto& info) { return std::string(SchemeName(info.param)); });

TEST(VersFactsTest, EveryRowIsRight) {
  ExpectAllRight(std::nullopt, "tests/unit/scanner/versions/facts/vers.tsv", 40);
}

class SharedTableTest : public testing::TestWithParam<SharedTable> {};

// Real version pairs, ordered by the ecosystems' own tools: every row must be right, or be listed
// with the reason why it is wrong itself.
TEST_P(SharedTableTest, EveryRowIsRightOrListedAsWrong) {
  const auto [file, content] = ReadShared(GetParam());
  if (!content) GTEST_SKIP() << file << " is missing (LANDWAITER_TESTDATA names the shared data)";
  const auto listed = ReadWhole("docs/versions.md");
  ASSERT_TRUE(listed) << "docs/versions.md cannot be read";
  const TableReport report = CheckTable(GetParam().scheme, *content);
  EXPECT_GT(report.rows, 0u);
  for (const WrongRow& wrong : report.wrong) {
    if (listed->find("\n" + wrong.row + "\n") != std::string::npos) continue;
    ADD_FAILURE() << file << ":" << wrong.line << ": " << wrong.row << ": got " << wrong.got;
  }
}

INSTANTIATE_TEST_SUITE_P(Table, SharedTableTest, testing::ValuesIn(SharedTables()),
                         [](const auto& info) { return NameOf(info.param); });

}  // namespace
}  // namespace landwaiter::versions
