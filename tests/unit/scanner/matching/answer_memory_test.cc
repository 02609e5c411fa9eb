// What is kept of answers for other inventories: the same findings, and never more than there is
// room for.
#include "scanner/matching/answer_memory.h"

#include "tests/unit/scanner/matching/state_database.h"

namespace landwaiter::matching {
namespace {

std::shared_ptr<const KeyFindings> AnAnswer(std::size_t findings) {
  KeyFindings answer;
  answer.findings.resize(findings);
  return std::make_shared<const KeyFindings>(std::move(answer));
}

TEST(AnswerMemory, ForgetsWhatWasNotAskedForLongest) {
  AnswerMemory memory(10);
  memory.Keep("old", AnAnswer(1));
  memory.Keep("asked", AnAnswer(1));
  for (int i = 0; i < 40; ++i) {
    memory.Keep("another " + std::to_string(i), AnAnswer(0));
    EXPECT_NE(memory.Find("asked"), nullptr) << i;
    EXPECT_LE(memory.size(), 20u);
  }
  EXPECT_EQ(memory.Find("old"), nullptr);
  EXPECT_EQ(memory.Find("never kept"), nullptr);
}

TEST(AnswerMemory, DoesNotKeepWhatIsLargerThanItsRoom) {
  AnswerMemory memory(10);
  memory.Keep("small", AnAnswer(3));
  memory.Keep("large", AnAnswer(10));
  EXPECT_EQ(memory.Find("large"), nullptr);
  EXPECT_NE(memory.Find("small"), nullptr);
}

class SharedAnswersTest : public StatesTest {};

// Inventories that ask nearly the same: of another module, architecture, flavour, of a source or a
// binary, with files that others own or without.
TEST_F(SharedAnswersTest, AreThoseOfTheVeryQuestion) {
  using advisories::OsvRecord;
  const std::vector<OsvRecord> records{
      Fixed("RHSA-1", "Red Hat:enterprise_linux:9", "curl", "7-9.el9"),
      Fixed("USN-1", "Ubuntu:22.04:LTS", "openssl", "3-2"),
      Fixed("USN-2", "Ubuntu:Pro:22.04:LTS", "openssl", "3-3"),
      Fixed("USN-3", "Ubuntu:Pro:FIPS-updates:22.04:LTS", "openssl", "3-4"),
      Fixed("D-1", "Debian:12", "python-django", "3.1-1").Names("upstream", {"CVE-2021-1001"}),
      Fixed("PYSEC-1", "PyPI", "django", "4.0").Names("aliases", {"CVE-2021-1001"})};
  const auto database = advisories::DatabaseOf(folder_, records);
  ASSERT_TRUE(database);
  const Package django =
      FromSource(APackage("deb", "python3-django", "3.2-1"), "python-django", "3.2-1");
  Package owned = APackage("pypi", "django", "3.2");
  owned.owner = "python3-django";
  Package modular = APackage("rpm", "curl", "7-1.el9");
  modular.module = "curl:7:1:2";
  Package small = APackage("rpm", "curl", "7-1.el9");
  small.architecture = "i686";
  const auto openssl = [](const std::string& binary_version) {
    return FromSource(APackage("deb", "libssl3", binary_version), "openssl", "3-1");
  };
  const Inventory inventories[] = {
      AnInventory("rhel", "9.3", {APackage("rpm", "curl", "7-1.el9"), modular, small}),
      AnInventory("rhel", "9.3", {modular}),
      AnInventory("rhel", "9.3",
                  {small, FromSource(APackage("rpm", "libcurl", "7-1.el9"), "curl", "7-1.el9")}),
      AnInventory("ubuntu", "22.04", {openssl("3-1")}),
      AnInventory("ubuntu", "22.04", {openssl("3-1+esm1")}),
      AnInventory("ubuntu", "22.04", {openssl("3-1+fips1")}),
      AnInventory("debian", "12", {django}),
      AnInventory("debian", "12", {django, owned}),
      AnInventory("", "", {owned})};
  AnswerMemory memory;
  for (int round = 0; round < 2; ++round) {
    for (const Inventory& inventory : inventories) {
      const MatchResult alone = MatchOrFail(inventory, *database);
      const auto shared = Match(inventory, *database, &memory);
      ASSERT_TRUE(shared.has_value());
      EXPECT_EQ(shared->findings, alone.findings);
      EXPECT_EQ(shared->coverage, alone.coverage);
      EXPECT_EQ(shared->asked, alone.asked);
    }
  }
  EXPECT_GT(memory.size(), 5u);
}

}  // namespace
}  // namespace landwaiter::matching
