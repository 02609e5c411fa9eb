#include "scanner/layer/path.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace landwaiter::layer {
namespace {

// Pitfall 13.
TEST(CleanPath, MakesOneKeyOfEveryName) {
  const std::map<std::string, std::string> cases = {{"", ""},
                                                    {"/", ""},
                                                    {".", ""},
                                                    {"./", ""},
                                                    {"a", "a"},
                                                    {"./a//b/", "a/b"},
                                                    {"/a/./b", "a/b"},
                                                    {"a/../b", "b"},
                                                    {"../../a", "a"},
                                                    {"a/b/../../..", ""},
                                                    {"...", "..."},
                                                    {"a\\b", "a\\b"},
                                                    {"\xff/ ", "\xff/ "}};
  for (const auto& [raw, clean] : cases) EXPECT_EQ(CleanPath(raw), clean) << raw;
}

}  // namespace
}  // namespace landwaiter::layer
