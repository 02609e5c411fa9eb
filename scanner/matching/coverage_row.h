// A line of coverage of a match: how many packages were looked at, and of which nothing can be
// said.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/inventory.h"

namespace landwaiter::matching {

/// One line of coverage in the making.
struct CoverageRow {
  std::uint64_t packages = 0;
  std::uint64_t unasked = 0;
  std::uint64_t foreign = 0;      // packages that the distribution's feeds do not mean
  std::uint64_t sourceless = 0;   // packages whose source nobody records: nobody was asked
  std::string unsupported;        // why nothing speaks of (some of) them; "" where something does
  std::uint64_t other_lines = 0;  // packages that fixes of extras may mean, and were taken not to
  std::string note;               // what the feeds cannot say
  std::vector<std::string> failures;
  std::uint64_t failed = 0;

  void AddFailure(const Package& package, const std::string& why);

  Coverage Finish(const std::string& source) const;

 private:
  std::vector<std::string> WhatFailed() const;
};

}  // namespace landwaiter::matching
