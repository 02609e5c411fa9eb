// What the checks find in an installation, without those that find nothing.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "doctor/checks.h"
#include "tests/unit/doctor/installation_builder.h"

namespace landwaiter::doctor {

struct Found {
  std::string check;
  Finding finding;
};

inline std::vector<Found> FindAll(const Installation& installation) {
  std::vector<Found> out;
  for (const auto& check : Checks()) {
    for (auto& finding : check.look(installation)) {
      if (finding.grade == Grade::kNothing) continue;
      out.push_back({std::string(check.name), std::move(finding)});
    }
  }
  return out;
}

}  // namespace landwaiter::doctor
