// How the findings are told.
#include "doctor/print.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "doctor/look.h"
#include "tests/unit/doctor/found.h"
#include "tests/unit/doctor/installation_builder.h"

namespace landwaiter::doctor {
namespace {

using nlohmann::json;

TEST(Doctor, SaysItForPeople) {
  auto installation = Sound();
  installation.leases.items.clear();
  installation.policies.items[0]["status"]["conditions"] = {
      {{"type", "Ready"}, {"status", "False"}, {"reason", "X"}, {"message", "\x1b[2Jwiped"}}};
  const auto diagnosis = Diagnose(installation, {}, false);
  EXPECT_EQ(diagnosis.faults, 2u);
  EXPECT_NE(diagnosis.text.find("ok       schemas: both kinds are served\n"), std::string::npos);
  EXPECT_NE(diagnosis.text.find("FAULT    leader: Lease landwaiter/landwaiter-controller has no "
                                "holder"),
            std::string::npos)
      << diagnosis.text;
  EXPECT_EQ(diagnosis.text.find('\x1b'), std::string::npos);
  EXPECT_NE(diagnosis.text.find("2 faults, 0 warnings, 0 things not looked at\n"),
            std::string::npos)
      << diagnosis.text;
}

TEST(Doctor, SaysItForPrograms) {
  auto installation = Sound();
  installation.leases.items.clear();
  const auto read = json::parse(Diagnose(installation, {}, true).text);
  ASSERT_EQ(read["checks"].size(), Checks().size());
  for (const auto& check : read["checks"]) {
    EXPECT_EQ(check["findings"].size(), check["name"] == "leader" ? 1u : 0u) << check;
  }
  EXPECT_EQ(read["checks"][5]["findings"][0]["grade"], "fault");
}

}  // namespace
}  // namespace landwaiter::doctor
