// What is not there, may not be read or is no sense is never called sound.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "doctor/checks.h"
#include "doctor/look.h"
#include "doctor/print.h"
#include "tests/unit/doctor/found.h"
#include "tests/unit/doctor/installation_builder.h"

namespace landwaiter::doctor {
namespace {

using nlohmann::json;

struct Hidden {
  const char* title;
  Seen Installation::*list;
};
void PrintTo(const Hidden& c, std::ostream* out) { *out << c.title; }

class DoctorMayNotRead : public testing::TestWithParam<Hidden> {};

TEST_P(DoctorMayNotRead, AndDoesNotCallItSound) {
  auto installation = Sound();
  (installation.*GetParam().list) = {{}, Error{Code::kPermissionDenied, "forbidden"}};
  const auto diagnosis = Diagnose(installation, {}, false);
  EXPECT_EQ(diagnosis.faults, 0u) << diagnosis.text;
  EXPECT_GE(diagnosis.unseen, 1u) << diagnosis.text;
  EXPECT_NE(diagnosis.text.find("forbidden"), std::string::npos) << diagnosis.text;
}

INSTANTIATE_TEST_SUITE_P(Lists, DoctorMayNotRead,
                         testing::Values(Hidden{"schemas", &Installation::crds},
                                         Hidden{"pods", &Installation::pods},
                                         Hidden{"configurations", &Installation::validating},
                                         Hidden{"mutating ones", &Installation::mutating},
                                         Hidden{"services", &Installation::services},
                                         Hidden{"slices", &Installation::slices},
                                         Hidden{"leases", &Installation::leases},
                                         Hidden{"secrets", &Installation::secrets},
                                         Hidden{"guards", &Installation::guards},
                                         Hidden{"bindings", &Installation::guard_bindings},
                                         Hidden{"policies", &Installation::policies}));

TEST(Doctor, CallsNothingSoundThatIsNotThereYet) {
  auto installation = Sound();
  installation.scans.clear();
  installation.probes.clear();
  installation.validating.items[0].erase("webhooks");
  const auto diagnosis = Diagnose(installation, {}, false);
  for (const char* line :
       {"-        caBundle: no webhook is armed\n", "-        answer: not called: ",
        "-        database: no image was matched yet", "-        registries: no image"}) {
    EXPECT_NE(diagnosis.text.find(line), std::string::npos) << diagnosis.text;
  }
  EXPECT_EQ(diagnosis.faults, 1u) << diagnosis.text;
}

TEST(Doctor, LeavesOutWhatItIsTold) {
  auto installation = Sound();
  installation.leases.items.clear();
  EXPECT_EQ(Diagnose(installation, {"leader"}, false).faults, 0u);
  EXPECT_TRUE(KnowsChecks({"leader", "caBundle"}));
  const auto unknown = KnowsChecks({"leader", "Leader"});
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message.find("no check \"Leader\"; there are: schemas, rights, "),
            std::string::npos)
      << unknown.error().message;
}

TEST(Doctor, AnswersFieldsOfTheWrongTypeWithoutStumbling) {
  for (const json& odd : {json(), json("x"), json(7), json::array(), json::object()}) {
    auto installation = Sound();
    for (Seen Installation::*list :
         {&Installation::crds, &Installation::validating, &Installation::services,
          &Installation::slices, &Installation::pods, &Installation::leases, &Installation::secrets,
          &Installation::guards, &Installation::guard_bindings, &Installation::policies}) {
      for (auto& item : (installation.*list).items) {
        for (auto& field : item.items()) field.value() = odd;
      }
    }
    EXPECT_GT(Diagnose(installation, {}, false).faults, 0u) << odd;
  }
}

}  // namespace
}  // namespace landwaiter::doctor
