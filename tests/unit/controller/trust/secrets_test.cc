#include "controller/trust/secrets.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/controller/trust/trust_builders.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

TEST(TrustSecrets, AreReadAsTheyWereWritten) {
  const TimePoint now = *ParseTime("2026-11-26T12:00:00Z");
  Authorities authorities{.signing = *http::MakeAuthority("a", now),
                          .next = *http::MakeAuthority("b", now),
                          .retired = {http::MakeAuthority("c", now)->certificate_pem,
                                      http::MakeAuthority("d", now)->certificate_pem}};
  const json secret = WithAuthorities(nullptr, "ns", "lw", authorities);
  EXPECT_EQ(secret["metadata"]["name"], "lw-ca");
  EXPECT_EQ(secret["metadata"]["namespace"], "ns");
  const Authorities read = ReadAuthorities(secret);
  EXPECT_TRUE(Same(read.signing, authorities.signing));
  EXPECT_TRUE(Same(read.next, authorities.next));
  EXPECT_EQ(read.retired, authorities.retired);
}

TEST(TrustSecrets, WhatIsNoSecretIsNothing) {
  const json cases[] = {nullptr,
                        7,
                        "x",
                        json::object(),
                        {{"data", 7}},
                        {{"data", {{"ca.crt", 7}}}},
                        {{"data", {{"ca.crt", "%"}, {"tls.crt", "%"}}}}};
  for (const json& secret : cases) {
    const Authorities authorities = ReadAuthorities(secret);
    EXPECT_FALSE(authorities.signing || authorities.next) << secret;
    EXPECT_TRUE(authorities.retired.empty()) << secret;
    EXPECT_FALSE(ReadRole(secret)) << secret;
  }
}

}  // namespace
}  // namespace landwaiter::controller
