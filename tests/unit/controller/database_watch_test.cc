// What the next database says the same of, and what of it is taken for known.
#include <gtest/gtest.h>

#include "controller/database.h"
#include "tests/unit/controller/builders.h"
#include "tests/unit/scanner/advisories/feed_folder.h"

namespace landwaiter::controller {
namespace {

MatchBasis BasisBy(const MatchDatabase& database, const std::string& package) {
  ImageInventory image = AnInventory(DigestOf(package));
  image.platforms[0].packages = {{"deb", package, "1-1"}};
  auto match = database.Match(image);
  EXPECT_TRUE(match);
  MatchBasis basis{{database.Id(), database.BuiltAt(), {}, {}}, true, {}};
  if (match) basis.asked = (*match)[0].asked;
  return basis;
}

TEST(DatabaseWatch, KnowsWhatTheNextDatabaseSaysTheSameOf) {
  using advisories::OsvRecord;
  const advisories::TemporaryFolder folder;
  std::vector<OsvRecord> records;
  for (const char* name : {"a", "b", "c", "d"}) {
    records.push_back(OsvRecord(std::string("D-") + name, "Debian:12", name).Introduced("0"));
  }
  ASSERT_TRUE(advisories::DatabaseOf(folder, records));
  DatabaseWatch watch(folder.Path("db"), {});
  ASSERT_TRUE(watch.Look());
  const auto first = watch.Current();
  const MatchBasis a = BasisBy(*first, "a");
  const MatchBasis b = BasisBy(*first, "b");
  EXPECT_FALSE(first->SaysTheSame(a)) << "there is none before";

  records[1].Fixed("2");
  ASSERT_TRUE(advisories::DatabaseOf(folder, records));
  ASSERT_TRUE(watch.Look());
  const auto second = watch.Current();
  EXPECT_TRUE(second->SaysTheSame(a));
  EXPECT_FALSE(second->SaysTheSame(b));
  EXPECT_TRUE(second->SaysTheSame(BasisBy(*first, "not-spoken-of")));
  EXPECT_FALSE(second->SaysTheSame(BasisBy(*second, "a"))) << "nothing is to be done";
  MatchBasis other = a;
  other.stored.database_built_at = "2020-01-01T00:00:00Z";
  EXPECT_FALSE(second->SaysTheSame(other)) << "of another database";
  other = a;
  other.asked.reset();
  EXPECT_FALSE(second->SaysTheSame(other)) << "not known what was asked";

  records[2].Fixed("2");
  ASSERT_TRUE(advisories::DatabaseOf(folder, records));
  ASSERT_TRUE(watch.Look());
  EXPECT_FALSE(watch.Current()->SaysTheSame(a)) << "two databases ago";
  EXPECT_TRUE(watch.Current()->SaysTheSame(BasisBy(*second, "a")));

  records.push_back(OsvRecord("G-1", "npm", "a").Introduced("0"));
  ASSERT_TRUE(advisories::DatabaseOf(folder, records));
  const auto third = watch.Current();
  ASSERT_TRUE(watch.Look());
  EXPECT_FALSE(watch.Current()->SaysTheSame(BasisBy(*third, "a"))) << "a feed more";
}

}  // namespace
}  // namespace landwaiter::controller
