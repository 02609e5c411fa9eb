// The second reader finds what it is there to find.
#include "tests/unit/scanner/layer/second_reader.h"

namespace landwaiter::layer {
namespace {

using testing::Difference;

TEST(SecondReader, FindsEachFieldThatDiffers) {
  if (!testing::HasPython()) {
    GTEST_SKIP() << "python3 is not installed: the second reader cannot be asked";
  }
  struct Case {
    const char* name;
    std::string ours, pythons;  // tars
    bool differ;
  };
  const std::string file = Tar().File("f", "x").Build();
  const Case cases[] = {
      {"the same", file, file, false},
      {"a name", file, Tar().File("g", "x").Build(), true},
      {"a content of the same size", file, Tar().File("f", "y").Build(), true},
      {"a size", file, Tar().File("f", "xx").Build(), true},
      {"a kind", Tar().Symlink("f", "g").Build(), Tar().HardLink("f", "g").Build(), true},
      {"a link", Tar().Symlink("f", "g").Build(), Tar().Symlink("f", "h").Build(), true},
      {"one entry more", file, Tar().File("f", "x").File("g", "").Build(), true},
      {"one entry less", Tar().File("f", "x").File("g", "").Build(), file, true},
      {"refused before an entry that the other reads", Tar().Pax("0 a=b\n").File("f", "x").Build(),
       file, false},
      {"refused behind an entry that the other does not have",
       Tar().File("g", "").Pax("0 a=b\n").File("f", "x").Build(), file, true},
  };
  std::vector<std::string> tars;
  for (const Case& c : cases) tars.push_back(c.pythons);
  const auto pythons = testing::PythonListings(tars);
  ASSERT_EQ(pythons.size(), tars.size());
  for (std::size_t i = 0; i < tars.size(); ++i) {
    SCOPED_TRACE(cases[i].name);
    const std::string ours = testing::OurListing(cases[i].ours);
    EXPECT_EQ(Difference(ours, pythons[i], "").empty(), !cases[i].differ);
    EXPECT_EQ(Difference(ours, pythons[i], "it is known").empty(), cases[i].differ);
  }
}

}  // namespace
}  // namespace landwaiter::layer
