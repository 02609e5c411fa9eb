#include "lib/http/address_policy.h"

#include <gtest/gtest.h>

namespace landwaiter::http {
namespace {

struct AddressCase {
  const char* address;
  bool by_default;       // allowed with no list
  bool private_refused;  // allowed where private ranges are refused
};

TEST(AddressPolicy, ClassifiesEachAddress) {
  const AddressCase cases[] = {
      {"93.184.216.34", true, true},
      {"2606:2800:220:1:248:1893:25c8:1946", true, true},
      {"127.0.0.1", false, false},
      {"127.255.255.254", false, false},
      {"::1", false, false},
      {"0.0.0.0", false, false},
      {"0.1.2.3", false, false},
      {"::", false, false},
      {"169.254.1.1", false, false},
      {"169.254.169.254", false, false},
      {"168.63.129.16", false, false},
      {"100.100.100.200", false, false},
      {"192.0.0.192", false, false},
      {"fe80::1", false, false},
      {"febf::1", false, false},
      {"fec0::1", false, false},
      {"fd00:ec2::254", false, false},
      {"fd20:ce::254", false, false},
      {"224.0.0.1", false, false},
      {"255.255.255.255", false, false},
      {"240.0.0.1", false, false},
      {"ff02::1", false, false},
      {"10.1.2.3", true, false},
      {"172.16.0.1", true, false},
      {"172.32.0.1", true, true},
      {"192.168.1.1", true, false},
      {"100.64.0.1", true, false},
      {"fd12::1", true, false},
      {"::ffff:127.0.0.1", false, false},
      {"::ffff:169.254.169.254", false, false},
      {"::ffff:10.0.0.1", true, false},
      {"::ffff:8.8.8.8", true, true},
      {"::127.0.0.1", false, false},
      {"64:ff9b::7f00:1", false, false},
      {"64:ff9b::a9fe:a9fe", false, false},
      {"64:ff9b::808:808", true, true},
      {"64:ff9b:1::7f00:1", false, false},
      {"2002:7f00:1::1", false, false},
      {"2002:808:808::1", true, true},
      {"::ffff:0:127.0.0.1", false, false},
  };
  AddressPolicy open;
  AddressPolicy strict;
  strict.private_ranges = PrivateRanges::kRefuse;
  for (const AddressCase& c : cases) {
    const auto address = IpAddress::Parse(c.address);
    ASSERT_TRUE(address) << c.address;
    EXPECT_EQ(open.Check(*address).has_value(), c.by_default) << c.address;
    EXPECT_EQ(strict.Check(*address).has_value(), c.private_refused) << c.address;
  }
}

TEST(AddressPolicy, RefusalNamesAddressClassAndReason) {
  const auto status = AddressPolicy().Check(*IpAddress::Parse("169.254.169.254"));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kPermissionDenied);
  EXPECT_EQ(status.error().reason, "AddressRefused");
  EXPECT_EQ(status.error().message,
            "address 169.254.169.254 is a metadata service and not among the allowed addresses");
}

TEST(AddressPolicy, ListedRangesAreAllowedAndNothingBesides) {
  const auto policy = AddressPolicy::Create(PrivateRanges::kRefuse, {"127.0.0.1", "10.8.0.0/13"});
  ASSERT_TRUE(policy);
  EXPECT_TRUE(policy->Check(*IpAddress::Parse("127.0.0.1")));
  EXPECT_TRUE(policy->Check(*IpAddress::Parse("::ffff:127.0.0.1")));
  EXPECT_FALSE(policy->Check(*IpAddress::Parse("127.0.0.2")));
  EXPECT_TRUE(policy->Check(*IpAddress::Parse("10.15.255.255")));
  EXPECT_FALSE(policy->Check(*IpAddress::Parse("10.16.0.0")));
}

TEST(AddressPolicy, RefusesRangesThatAreNone) {
  for (const char* bad : {"", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0/8", "::/129",
                          "example.org", "10.0.0.0/"}) {
    EXPECT_FALSE(AddressPolicy::Create(PrivateRanges::kAllow, {bad})) << bad;
  }
}

}  // namespace
}  // namespace landwaiter::http
