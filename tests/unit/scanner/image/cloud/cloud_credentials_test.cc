// What holds for the logins of all clouds.
#include "scanner/image/cloud/cloud_credentials.h"

#include <gtest/gtest.h>

#include <optional>

#include "scanner/image/cloud/jwt.h"
#include "tests/unit/scanner/image/cloud/cloud_fixture.h"

namespace landwaiter::image {
namespace {

TEST(CloudCredentials, KnowsItsClouds) {
  const auto none = CloudCredentials::Create({"ecr", "hub"}, {});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message, "cloud 'hub' is none of ecr, gar, acr");
}

struct Reached {
  const char* address;
  bool allowed;
};

TEST(CloudCredentials, TheMetadataClientReachesMetadataAndNothingElse) {
  const auto options = MetadataClientOptions();
  ASSERT_TRUE(options.address_policy);
  EXPECT_FALSE(options.use_environment_proxies);
  for (const Reached& one :
       {Reached{"169.254.169.254", true}, Reached{"169.254.170.2", true},
        Reached{"169.254.170.23", true}, Reached{"fd00:ec2::23", true},
        Reached{"169.254.1.1", false}, Reached{"127.0.0.1", false}, Reached{"10.0.0.1", false},
        Reached{"100.100.100.200", false}, Reached{"fd00::1", false}}) {
    const auto address = http::IpAddress::Parse(one.address);
    ASSERT_TRUE(address);
    EXPECT_EQ(static_cast<bool>(options.address_policy->Check(*address)), one.allowed)
        << one.address;
  }
}

TEST(Jwt, TellsWhenItEnds) {
  EXPECT_EQ(cloud::JwtExpiry("e30.eyJleHAiOjE3OTU2OTA4MDB9.x"),
            std::optional(*ParseTime("2026-11-26T11:00:00Z")));
  for (const char* token : {"", "a.b", "a.!.c", "a.e30.c", "a.eyJleHAiOi0xfQ.c", "a.bnVsbA.c"}) {
    EXPECT_FALSE(cloud::JwtExpiry(token)) << token;
  }
}

}  // namespace
}  // namespace landwaiter::image
