#include "scanner/service/start_pages.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace landwaiter::service {
namespace {

/// kB of files that are mapped into this process and in memory: proc(5), /proc/PID/status.
long MappedFiles() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    long kilobytes = -1;
    if (word == "RssFile:" && status >> kilobytes) return kilobytes;
  }
  return -1;
}

TEST(StartPages, AreTakenOutAndComeBackWhenNeeded) {
  const long before = MappedFiles();
  ASSERT_GT(before, 0);
  ForgetStartPages();
  EXPECT_LT(MappedFiles(), before);
  // Code, constants and what the loader wrote are as they were.
  EXPECT_THROW(throw std::string("through the unwinder's tables"), std::string);
  EXPECT_EQ(std::stol(std::to_string(before)), before);
}

}  // namespace
}  // namespace landwaiter::service
