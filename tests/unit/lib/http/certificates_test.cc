#include "lib/http/certificates.h"

#include <gtest/gtest.h>

namespace landwaiter::http {
namespace {

using std::chrono::hours;

const TimePoint kNow = *ParseTime("2026-11-24T12:00:00Z");
const ServingNames kNames{.common_name = "webhook",
                          .dns = {"localhost", "landwaiter-webhook.landwaiter.svc"},
                          .ip = {"127.0.0.1", "::1"}};

TEST(Certificates, TheAuthorityLastsTenYearsAndStartsAnHourBack) {
  auto authority = MakeAuthority("authority", kNow);
  ASSERT_TRUE(authority.has_value());
  auto info = ReadCertificate(authority->certificate_pem);
  ASSERT_TRUE(info.has_value());
  EXPECT_TRUE(info->authority);
  EXPECT_EQ(info->common_name, "authority");
  EXPECT_EQ(info->not_before, kNow - hours(1));
  EXPECT_EQ(info->not_after, kNow + hours(24 * 3650));
}

TEST(Certificates, AServingCertificateNamesItsHostsAndLastsNinetyDays) {
  auto authority = MakeAuthority("authority", kNow);
  auto serving = MakeServing(*authority, kNames, kNow);
  ASSERT_TRUE(serving.has_value());
  auto info = ReadCertificate(serving->certificate_pem);
  ASSERT_TRUE(info.has_value());
  EXPECT_FALSE(info->authority);
  EXPECT_EQ(info->common_name, "webhook");
  EXPECT_EQ(info->dns, kNames.dns);
  EXPECT_EQ(info->ip, kNames.ip);
  EXPECT_EQ(info->not_before, kNow - hours(1));
  EXPECT_EQ(info->not_after, kNow + hours(24 * 90));
}

TEST(Certificates, PitfallC30_AClockThatIsHalfAnHourBehindAcceptsAFreshCertificate) {
  auto authority = MakeAuthority("authority", kNow);
  auto serving = MakeServing(*authority, kNames, kNow);
  const auto verify = [&](TimePoint when) {
    return VerifySignedBy(serving->certificate_pem, authority->certificate_pem, when).has_value();
  };
  EXPECT_TRUE(verify(kNow));
  EXPECT_TRUE(verify(kNow - std::chrono::minutes(30)));
  EXPECT_FALSE(verify(kNow - hours(2)));
  EXPECT_TRUE(verify(kNow + hours(24 * 89)));
  EXPECT_FALSE(verify(kNow + hours(24 * 91)));
}

TEST(Certificates, AnotherAuthorityOfTheSameNameDoesNotVouch) {
  auto authority = MakeAuthority("authority", kNow);
  auto other = MakeAuthority("authority", kNow);
  auto serving = MakeServing(*authority, kNames, kNow);
  EXPECT_FALSE(VerifySignedBy(serving->certificate_pem, other->certificate_pem, kNow).has_value());
  EXPECT_FALSE(MakeServing({authority->certificate_pem, other->key_pem}, kNames, kNow).has_value());
}

TEST(Certificates, NamesThatAreNoneAreRefusedByName) {
  auto authority = MakeAuthority("authority", kNow);
  const std::pair<ServingNames, const char*> cases[] = {
      {{"x", {"a b"}, {}}, "a b"},     {{"x", {"a,IP:10.0.0.1"}, {}}, "a,IP:10.0.0.1"},
      {{"x", {""}, {}}, "DNS name"},   {{"x", {}, {"300.1.1.1"}}, "300.1.1.1"},
      {{"x", {}, {}}, "at least one"},
  };
  for (const auto& [names, part] : cases) {
    auto made = MakeServing(*authority, names, kNow);
    ASSERT_FALSE(made.has_value()) << part;
    EXPECT_NE(made.error().message.find(part), std::string::npos) << made.error().message;
  }
  EXPECT_FALSE(ReadCertificate("no PEM").has_value());
}

TEST(Certificates, AKeyFitsItsOwnCertificateAlone) {
  auto one = MakeAuthority("authority", kNow);
  auto two = MakeAuthority("authority", kNow);
  EXPECT_TRUE(VerifyKeyFits(*one));
  EXPECT_FALSE(VerifyKeyFits({one->certificate_pem, two->key_pem}));
  EXPECT_FALSE(VerifyKeyFits({one->certificate_pem, Secret("no PEM")}));
  EXPECT_FALSE(VerifyKeyFits({"", one->key_pem}));
}

TEST(Certificates, ABundleIsSplitIntoItsCertificates) {
  auto one = MakeAuthority("one", kNow);
  auto two = MakeAuthority("two", kNow);
  const std::string& a = one->certificate_pem;
  const std::string& b = two->certificate_pem;
  EXPECT_EQ(SplitBundle(a + b), (std::vector<std::string>{a, b}));
  EXPECT_EQ(SplitBundle("a remark\n" + a + "another\n" + b), (std::vector<std::string>{a, b}));
  EXPECT_EQ(SplitBundle(a + b.substr(0, b.size() / 2)), std::vector<std::string>{a});
  EXPECT_TRUE(SplitBundle("").empty());
  EXPECT_TRUE(SplitBundle("no PEM").empty());
  std::string many;
  for (std::size_t i = 0; i < kMaxBundle + 4; ++i) many += a;
  EXPECT_EQ(SplitBundle(many).size(), kMaxBundle);
}

}  // namespace
}  // namespace landwaiter::http
