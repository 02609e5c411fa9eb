#include "controller/notify/subscription.h"

#include <gtest/gtest.h>

namespace landwaiter::controller {
namespace {

TEST(Subscription, IsReadWhole) {
  const auto read = ParseNotifications(R"({"source": "prod", "subscriptions": [
      {"name": "ops", "urlFile": "/u", "hmacKeyFile": "/h", "types": ["findings.new"],
       "namespaces": ["shop", "team-*"], "severityAtLeast": "Critical"},
      {"name": "chat", "urlFile": "/v", "format": "slack"}]})");
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->subscriptions.size(), 2u);
  const Subscription& ops = read->subscriptions[0];
  EXPECT_TRUE(ops.Wants(ChangeType::kFindingsNew));
  EXPECT_FALSE(ops.Wants(ChangeType::kVerdictChanged));
  EXPECT_TRUE(ops.IsAbout({"bank", "team-a"}));
  EXPECT_FALSE(ops.IsAbout({"bank"}));
  EXPECT_EQ(ops.Among({"bank", "team-a"}), std::vector<std::string>{"team-a"});
  EXPECT_EQ(ops.severity_at_least, Severity::kCritical);
  const Subscription& chat = read->subscriptions[1];
  EXPECT_EQ(chat.format, MessageFormat::kSlack);
  EXPECT_TRUE(chat.Wants(ChangeType::kScanFailed));
  EXPECT_TRUE(chat.IsAbout({"bank"}));
  EXPECT_EQ(chat.severity_at_least, Severity::kHigh);
}

TEST(Subscription, WhatCannotBeFollowedIsNamed) {
  const struct {
    const char* name;
    const char* json;
    const char* words;
  } kCases[] = {
      {"no object", "[]", "must be an object"},
      {"no name", R"({"subscriptions":[{"urlFile":"/u"}]})", "name"},
      {"a name that is a path", R"({"subscriptions":[{"name":"a/b","urlFile":"/u"}]})", "name"},
      {"a name twice",
       R"({"subscriptions":[{"name":"a","urlFile":"/u"},{"name":"a","urlFile":"/u"}]})", "name"},
      {"no URL", R"({"subscriptions":[{"name":"a"}]})", "urlFile"},
      {"a format that is none", R"({"subscriptions":[{"name":"a","urlFile":"/u","format":"xml"}]})",
       "format"},
      {"a type that is none", R"({"subscriptions":[{"name":"a","urlFile":"/u","types":["all"]}]})",
       "types"},
      {"a severity that is none",
       R"({"subscriptions":[{"name":"a","urlFile":"/u","severityAtLeast":"Bad"}]})", "severity"},
      {"an empty source", R"({"source":"","subscriptions":[]})", "source"},
      {"a source that is no URI reference", R"({"source":"my cluster","subscriptions":[]})",
       "no blanks"},
      {"a source with a '%' of nothing", R"({"source":"a%2","subscriptions":[]})", "source"},
  };
  for (const auto& c : kCases) {
    const auto read = ParseNotifications(c.json);
    ASSERT_FALSE(read) << c.name;
    EXPECT_NE(read.error().message.find(c.words), std::string::npos)
        << c.name << ": " << read.error().message;
  }
}

struct SeverityCase {
  Severity severity;
  bool host_kernel;
  bool counts;
};
TEST(Subscription, FindingsCountFromItsSeverityOnAndWhereNobodyKnowsIt) {
  Subscription subscription;
  subscription.severity_at_least = Severity::kHigh;
  constexpr SeverityCase kCases[] = {{Severity::kCritical, false, true},
                                     {Severity::kHigh, false, true},
                                     {Severity::kMedium, false, false},
                                     {Severity::kUnknown, false, true},
                                     {Severity::kCritical, true, false}};
  for (const SeverityCase& one : kCases) {
    Finding finding;
    finding.severity = one.severity;
    finding.host_kernel = one.host_kernel;
    EXPECT_EQ(subscription.Counts(finding), one.counts) << SeverityName(one.severity);
  }
}

}  // namespace
}  // namespace landwaiter::controller
