#include "controller/trust/renewal.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/controller/trust/trust_builders.h"

namespace landwaiter::controller {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const TimePoint kNow = *ParseTime("2026-11-26T12:00:00Z");
constexpr hours kDay{24};

Trust At(TimePoint now, const Trust& found = {}) {
  auto renewed = Renewed(found, Settings(), now);
  EXPECT_TRUE(renewed) << renewed.error().message;
  return *std::move(renewed);
}

const std::string& Leaf(const Trust& trust, const std::string& role) {
  return trust.roles.at(role).pair.certificate_pem;
}

bool AllUsable(const Trust& trust, TimePoint now) {
  return trust.roles.size() == 3 &&
         std::all_of(trust.roles.begin(), trust.roles.end(),
                     [&](const auto& role) { return Usable(role.second, now); });
}

/// Whoever has the one's bundle takes the other's certificate, both ways.
bool TrustEachOther(const Trust& a, const Trust& b, TimePoint now) {
  const auto mixed = [&](const Trust& bundle, const Trust& pair) {
    return std::all_of(bundle.roles.begin(), bundle.roles.end(), [&](const auto& role) {
      return Usable({role.second.bundle, pair.roles.at(role.first).pair}, now);
    });
  };
  return mixed(a, b) && mixed(b, a);
}

TEST(Renewal, MakesEverythingFromNothingAndThenNothingMore) {
  const Trust first = At(kNow);
  EXPECT_TRUE(first.authorities.signing);
  EXPECT_FALSE(first.authorities.next);
  EXPECT_TRUE(first.authorities.retired.empty());
  EXPECT_TRUE(AllUsable(first, kNow));
  EXPECT_TRUE(Same(At(kNow + minutes(1), first), first));
  EXPECT_TRUE(Same(At(kNow + 59 * kDay, first), first)) << "with a third of ninety days left";
}

TEST(Renewal, RenewsACertificateWhenAThirdOfItsLifeIsLeft) {
  const Trust first = At(kNow);
  const Trust later = At(kNow + 60 * kDay, first);
  EXPECT_NE(Leaf(later, "webhook"), Leaf(first, "webhook"));
  EXPECT_EQ(later.authorities.signing->certificate_pem, first.authorities.signing->certificate_pem);
  EXPECT_TRUE(AllUsable(later, kNow + 149 * kDay));
}

TEST(Renewal, PitfallC30_StartsAnHourBack) {
  const Trust first = At(kNow);
  EXPECT_TRUE(AllUsable(first, kNow - minutes(59)));
}

TEST(Renewal, PitfallC25_TheAuthorityIsRenewedToo) {
  const Trust first = At(kNow);
  const TimePoint due = kNow + hours(24 * 3650) * 2 / 3 + hours(1);
  const Trust renewed = At(due, first);
  ASSERT_TRUE(renewed.authorities.next);
  EXPECT_EQ(renewed.authorities.signing->certificate_pem,
            first.authorities.signing->certificate_pem);
}

TEST(Renewal, PitfallC26_ANewAuthorityIsTrustedEverywhereBeforeItSigns) {
  TimePoint now = kNow + hours(24 * 3650) * 2 / 3 + hours(1);
  const Trust before = At(now - 2 * hours(1), At(kNow));
  const Trust both = At(now, before);
  EXPECT_EQ(Leaf(both, "webhook"), Leaf(before, "webhook")) << "the old one signs still";
  EXPECT_EQ(http::SplitBundle(both.roles.at("scanner").bundle).size(), 2u);
  EXPECT_TRUE(Same(At(now + minutes(9), both), both)) << "a kubelet may still be at it";
  const Trust signing = At(now + minutes(10), both);
  EXPECT_EQ(signing.authorities.signing->certificate_pem, both.authorities.next->certificate_pem);
  EXPECT_NE(Leaf(signing, "webhook"), Leaf(both, "webhook"));
  EXPECT_TRUE(TrustEachOther(before, both, now));
  EXPECT_TRUE(TrustEachOther(both, signing, now)) << "in whatever order the roles reload";
}

TEST(Renewal, AnOldAuthorityIsTrustedWhileWhatItSignedCanLiveAndNoLonger) {
  const TimePoint due = kNow + hours(24 * 3650) * 2 / 3 + hours(1);
  Trust trust = At(due + minutes(10), At(due, At(kNow)));
  ASSERT_EQ(trust.authorities.retired.size(), 1u);
  for (int day = 1; day <= 90; day += 10) trust = At(due + day * kDay, trust);
  EXPECT_EQ(trust.authorities.retired.size(), 1u);
  trust = At(due + 91 * kDay, trust);
  EXPECT_TRUE(trust.authorities.retired.empty());
  EXPECT_TRUE(AllUsable(trust, due + 91 * kDay));
}

TEST(Renewal, ALostAuthorityIsReplacedWithoutABreak) {
  const Trust before = At(kNow);
  Trust lost = before;
  lost.authorities = {};
  const Trust found = At(kNow, lost);
  EXPECT_FALSE(found.authorities.signing) << "it waits until all trust it";
  ASSERT_TRUE(found.authorities.next);
  EXPECT_EQ(found.authorities.retired, std::vector{before.authorities.signing->certificate_pem});
  EXPECT_EQ(Leaf(found, "webhook"), Leaf(before, "webhook"));
  EXPECT_TRUE(Same(At(kNow + minutes(9), found), found));
  const Trust after = At(kNow + minutes(10), found);
  EXPECT_NE(Leaf(after, "webhook"), Leaf(before, "webhook"));
  EXPECT_TRUE(TrustEachOther(before, found, kNow));
  EXPECT_TRUE(TrustEachOther(found, after, kNow + minutes(10)));
}

TEST(Renewal, ALostAuthorityIsNotWaitedForWhereARoleHasNoCertificateAtAll) {
  Trust lost = At(kNow);
  lost.authorities = {};
  lost.roles.erase("scanner");
  const Trust found = At(kNow, lost);
  EXPECT_TRUE(found.authorities.signing);
  EXPECT_TRUE(AllUsable(found, kNow));
  EXPECT_TRUE(TrustEachOther(found, found, kNow));
}

TEST(Renewal, AnAuthorityWithoutItsKeyIsTrustedStillAndSignsNoMore) {
  const Trust before = At(kNow);
  Trust broken = before;
  broken.authorities.signing->key_pem = At(kNow).authorities.signing->key_pem;
  const Trust found = At(kNow, broken);
  EXPECT_FALSE(found.authorities.signing);
  EXPECT_EQ(Leaf(found, "webhook"), Leaf(before, "webhook"));
  EXPECT_TRUE(AllUsable(found, kNow));
}

TEST(Renewal, NobodyAddsAnAuthorityByWayOfARolesSecret) {
  const Trust mine = At(kNow);
  const Trust foreign = At(kNow);
  Trust spoilt = mine;
  spoilt.roles["webhook"] = foreign.roles.at("webhook");
  const Trust found = At(kNow, spoilt);
  EXPECT_TRUE(found.authorities.retired.empty());
  EXPECT_EQ(found.roles.at("webhook").bundle, mine.authorities.signing->certificate_pem);
  EXPECT_NE(Leaf(found, "webhook"), Leaf(foreign, "webhook"));
}

struct Damage {
  const char* name;
  std::function<void(Trust&)> spoil;
};

TEST(Renewal, WhatIsSpoiltIsMadeGood) {
  const Trust other = At(kNow);
  const Damage cases[] = {
      {"a certificate is gone", [](Trust& t) { t.roles.erase("webhook"); }},
      {"a certificate is no PEM",
       [](Trust& t) { t.roles["webhook"].pair.certificate_pem = "hello"; }},
      {"a key is another's",
       [&](Trust& t) { t.roles["webhook"].pair.key_pem = t.roles["scanner"].pair.key_pem; }},
      {"a key is gone", [](Trust& t) { t.roles["webhook"].pair.key_pem = Secret(); }},
      {"two roles' are swapped",
       [](Trust& t) { std::swap(t.roles["webhook"], t.roles["scanner"]); }},
      {"a bundle is empty", [](Trust& t) { t.roles["webhook"].bundle.clear(); }},
      {"a bundle holds a stranger",
       [&](Trust& t) { t.roles["webhook"].bundle += BundleOf(other.authorities); }},
      {"the authority is no PEM",
       [](Trust& t) { t.authorities.signing->certificate_pem = "hello"; }},
      {"the authority is no authority",
       [](Trust& t) { t.authorities.signing = t.roles["webhook"].pair; }},
      {"the next authority is no PEM",
       [](Trust& t) {
         t.authorities.next = http::CertificatePair{"hello", Secret("hello")};
       }},
      {"a retired one is no PEM", [](Trust& t) { t.authorities.retired = {"hello"}; }},
  };
  for (const auto& c : cases) {
    Trust trust = At(kNow);
    c.spoil(trust);
    const Trust good = At(kNow, trust);
    EXPECT_TRUE(AllUsable(good, kNow)) << c.name;
    EXPECT_TRUE(TrustEachOther(good, good, kNow)) << c.name;
    EXPECT_TRUE(Same(At(kNow, good), good)) << c.name << ": and then at rest";
    for (const auto& [role, certificate] : good.roles) {
      const auto info = http::ReadCertificate(certificate.pair.certificate_pem);
      EXPECT_EQ(info->common_name, role) << c.name;
      EXPECT_EQ(certificate.bundle, BundleOf(good.authorities)) << c.name;
    }
  }
}

// Admission pitfall 25.
TEST(Renewal, EverythingExpiredIsMadeAnew) {
  const TimePoint late = kNow + hours(24 * 4000);
  const Trust found = At(late, At(kNow));
  EXPECT_TRUE(found.authorities.signing);
  EXPECT_TRUE(found.authorities.retired.empty());
  EXPECT_TRUE(AllUsable(found, late));
}

TEST(Renewal, AClockThatJumpsAnHourChangesNothing) {
  const Trust first = At(kNow);
  EXPECT_TRUE(Same(At(kNow + hours(1), first), first));
  EXPECT_TRUE(Same(At(kNow - minutes(59), first), first));
}

TEST(Renewal, OtherNamesAndAShorterLifeAreTakenUpAtOnce) {
  const Trust first = At(kNow);
  RenewalSettings settings = Settings();
  settings.roles[0].dns.push_back("more.example");
  auto named = Renewed(first, settings, kNow);
  EXPECT_NE(Leaf(*named, "webhook"), Leaf(first, "webhook"));
  EXPECT_EQ(Leaf(*named, "scanner"), Leaf(first, "scanner"));
  settings = Settings();
  settings.serving_lifetime = hours(24 * 30);
  auto shorter = Renewed(first, settings, kNow);
  const auto info = http::ReadCertificate(Leaf(*shorter, "scanner"));
  EXPECT_EQ(info->not_after, kNow + hours(24 * 30));
}

TEST(Renewal, ACertificateDoesNotOutliveItsAuthority) {
  RenewalSettings settings = Settings();
  settings.authority_lifetime = hours(24);
  auto made = Renewed({}, settings, kNow);
  const auto info = http::ReadCertificate(Leaf(*made, "webhook"));
  EXPECT_EQ(info->not_after, kNow + hours(24));
}

}  // namespace
}  // namespace landwaiter::controller
