// The file that says which webhooks there are.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "controller/trust/armer.h"
#include "lib/base/text.h"
#include "tests/unit/controller/trust/arming_file.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

TEST(WebhookFile, IsReadAndItsServicesBecomeAddresses) {
  auto read = ReadWebhookFile(kFile);
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), 1u);
  EXPECT_EQ(read->front().name, "landwaiter");
  EXPECT_EQ(read->front().resource.plural, "validatingwebhookconfigurations");
  const json armed = WebhooksToArm(read->front(), "PEM", "");
  EXPECT_EQ(armed[0]["clientConfig"]["caBundle"], text::Base64Encode("PEM"));
  EXPECT_EQ(armed[1]["clientConfig"]["caBundle"], text::Base64Encode("PEM"));
  EXPECT_EQ(AddressesOf(armed),
            std::vector<std::string>{"https://landwaiter-webhook.landwaiter.svc:8443/validate"});
}

TEST(WebhookFile, AUrlTakesTheServicesPlace) {
  auto read = ReadWebhookFile(kFile);
  const json armed = WebhooksToArm(read->front(), "PEM", "https://127.0.0.1:9443/");
  EXPECT_FALSE(armed[0]["clientConfig"].contains("service"));
  EXPECT_EQ(armed[0]["clientConfig"]["url"], "https://127.0.0.1:9443/validate");
  EXPECT_EQ(AddressesOf(armed), std::vector<std::string>{"https://127.0.0.1:9443/validate"});
}

TEST(WebhookFile, TheShippedOneIsSuchAFile) {
  std::ifstream file("manifests/webhook.yaml");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  auto read = ReadWebhookFile(text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->front().name, "landwaiter");
  EXPECT_EQ(AddressesOf(WebhooksToArm(read->front(), "PEM", "")),
            std::vector<std::string>{"https://landwaiter-webhook.landwaiter.svc:443/validate"});
}

TEST(WebhookFile, SaysWhatIsWrongInIt) {
  const std::string head =
      "apiVersion: admissionregistration.k8s.io/v1\nkind: MutatingWebhookConfiguration\n";
  const std::string named = head + "metadata: {name: a}\nwebhooks:\n- name: x\n  clientConfig: ";
  const std::pair<std::string, const char*> cases[] = {
      {"", "no webhook configuration"},
      {"a: [", "not YAML"},
      {"text", "kind: must be"},
      {"[1]", "kind: must be"},
      {"{apiVersion: v1, kind: Secret}", "kind: must be"},
      {"{apiVersion: v1beta1, kind: MutatingWebhookConfiguration}", "kind: must be"},
      {head + "metadata: {}", "metadata.name"},
      {head + "metadata: {name: a}", "a: webhooks"},
      {head + "metadata: {name: a}\nwebhooks: 7", "a: webhooks"},
      {head + "metadata: {name: a}\nwebhooks: []", "a: webhooks"},
      {head + "metadata: {name: a}\nwebhooks: [7]", "a: webhooks[0].name"},
      {head + "metadata: {name: a}\nwebhooks: [{name: x}]", "webhooks[0].clientConfig: is missing"},
      {named + "7", "clientConfig: is missing"},
      {named + "{}", "a service or a url"},
      {named + "{url: 'https://a/', service: {name: a, namespace: b}}", "and not both"},
      {named + "{url: 'https://a/', caBundle: Zg==}", "caBundle: is filled in"},
      {named + "{url: 'http://a/'}", "https://"},
      {named + "{service: {namespace: b}}", "service.name"},
      {named + "{service: 7}", "service.name"},
      {named + "{service: {name: a, namespace: b, port: x}}", "service.port"},
  };
  for (const auto& [text, part] : cases) {
    auto read = ReadWebhookFile(text);
    ASSERT_FALSE(read) << text;
    EXPECT_NE(read.error().message.find(part), std::string::npos) << read.error().message;
  }
}

}  // namespace
}  // namespace landwaiter::controller
