#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/scanner/packages/records.h"

namespace landwaiter::packages {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kPath[] = "app/lib/phoenix-1.7.10/ebin/phoenix.app";

FileReading ReadApp(std::string_view bytes) { return Read("erlang", kPath, bytes); }

struct ApplicationCase {
  const char* name;
  const char* bytes;
  const char* package;
  const char* type;
};

class ApplicationTest : public testing::TestWithParam<ApplicationCase> {};

TEST_P(ApplicationTest, NamesTheApplication) {
  const FileReading reading = ReadApp(GetParam().bytes);
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  ASSERT_THAT(NamesOf(reading), ElementsAre(GetParam().package));
  EXPECT_EQ(reading.packages[0].type, GetParam().type);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ApplicationTest,
    testing::Values(
        ApplicationCase{"OfElixir",
                        "{application,phoenix,\n    [{modules,['Elixir.Phoenix']},\n"
                        "     {optional_applications,[]},{applications,[kernel,stdlib]},\n"
                        "     {description,\"Peace of mind\"},\n     {registered,[]},\n"
                        "     {vsn,\"1.7.10\"}]}.\n",
                        "phoenix 1.7.10", "hex"},
        ApplicationCase{"OfOtp",
                        "%% comment {vsn, \"9\"}\n{application, ssh,\n"
                        " [{description, \"SSH-2 for Erlang/OTP\"},\n  {vsn, \"5.1.4\"},\n"
                        "  {env, [{opts, \"%\"}]},\n  {mod, {ssh_app, []}}]}.",
                        "ssh 5.1.4", "otp"},
        ApplicationCase{"OfElixirItself", "{application,eex,[{vsn,\"1.16.0\"}]}.", "eex 1.16.0",
                        "otp"},
        ApplicationCase{"QuotedName", "{application, 'rabbit', [{vsn, \"3.12.10\"}]}.",
                        "rabbit 3.12.10", "hex"},
        ApplicationCase{"VersionOfAnotherDepth",
                        "{application,a,[{env,[{vsn,\"9\"},{x,[{vsn,\"8\"}]}]},{vsn,\"1\"}]}.",
                        "a 1", "hex"},
        ApplicationCase{"SignsWithinTexts",
                        "{application,a,[{description,\"]}. \\\"{vsn\"},{c,$\"},{d,$\\]},"
                        "{b,<<\"x\">>},{m,#{k=>[1.5,-2]}},{vsn,\"1\"}]}.",
                        "a 1", "hex"}),
    [](const auto& info) { return info.param.name; });

TEST(ErlangTest, TakesTheRuntimeOfARelease) {
  const FileReading reading = Read("erlang", "app/releases/start_erl.data", "14.2.1 0.1.0\n");
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  ASSERT_THAT(NamesOf(reading), ElementsAre("erts 14.2.1"));
  EXPECT_EQ(reading.packages[0].type, "otp");
  EXPECT_EQ(Read("erlang", "app/releases/start_erl.data", "14.2.1").state, ReadingState::kFailed);
  EXPECT_EQ(Read("erlang", "app/releases/start_erl.data", "").state, ReadingState::kFailed);
}

// Pitfall 159.
TEST(ErlangTest, ApplicationsThatCannotBeReadFail) {
  for (const char* bytes :
       {"", "bogus erlang file", "cation, 'rabbit', [{vsn, \"3\"}]}.", "{application,a,[]}",
        "{application,a,[{vsn,\"1\"}]}", "{application,a,[{vsn,\"1\"}", "{application,\"a\",[]}.",
        "{application,a,[{vsn,\"1}]}.", "{application,a,[{vsn,'1}]}.", "{release,a,[]}."}) {
    EXPECT_THAT(ReadApp(bytes).reason, HasSubstr("no whole application resource")) << bytes;
  }
  EXPECT_THAT(ReadApp("{application,a,[{vsn,git}]}.").reason, HasSubstr("has no version"));
  EXPECT_THAT(ReadApp("{application,a,[]}.").reason, HasSubstr("has no version"));
  // Pitfall 157.
  EXPECT_THAT(ReadApp("{application,'a\x1b',[{vsn,\"1\"}]}.").reason, HasSubstr("printable"));
}

TEST(ErlangTest, DepthCostsNothing) {
  EXPECT_EQ(ReadApp("{application,a,[" + std::string(1 << 20, '[')).state, ReadingState::kFailed);
}

TEST(ErlangTest, AsksForInstalledApplicationsOnly) {
  EXPECT_EQ(WantedBy(kPath), "erlang");
  EXPECT_EQ(WantedBy("usr/lib/erlang/lib/ssh-5.1.4/ebin/ssh.app"), "erlang");
  EXPECT_EQ(WantedBy("usr/lib/erlang/releases/start_erl.data"), "erlang");
  EXPECT_EQ(WantedBy("app/src/ssh.app.src"), "");
  EXPECT_EQ(WantedBy("app/src/ssh.app"), "");
}

}  // namespace
}  // namespace landwaiter::packages
