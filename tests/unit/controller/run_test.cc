#include "controller/run.h"

#include <gtest/gtest.h>

namespace landwaiter::controller {
namespace {

struct AddressCase {
  const char* name;
  bool refuse_private;
  std::vector<std::string> allowed;
  std::string address;
  bool may;
};

TEST(RegistryAddresses, AreWhatTheOptionsSay) {
  const AddressCase cases[] = {
      {"a public one", true, {}, "93.184.215.14", true},
      {"a private one by default", false, {}, "10.1.2.3", true},
      {"a private one that is refused", true, {}, "10.1.2.3", false},
      {"but for a range", true, {"10.1.0.0/16"}, "10.1.2.3", true},
      {"the machine itself", false, {}, "127.0.0.1", false},
  };
  for (const auto& c : cases) {
    ControllerOptions options;
    options.refuse_private_addresses = c.refuse_private;
    options.allow_addresses = c.allowed;
    const auto policy = RegistryAddresses(options);
    ASSERT_TRUE(policy) << c.name;
    EXPECT_EQ(policy->Check(*http::IpAddress::Parse(c.address)).has_value(), c.may) << c.name;
  }
}

TEST(RegistryAddresses, NameABadRange) {
  ControllerOptions options;
  options.allow_addresses = {"everywhere"};
  const auto policy = RegistryAddresses(options);
  ASSERT_FALSE(policy);
  EXPECT_NE(policy.error().message.find("--allow-address"), std::string::npos);
}

}  // namespace
}  // namespace landwaiter::controller
