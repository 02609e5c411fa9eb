// A registry client beside the registry that it is tried against.
#pragma once

#include <gtest/gtest.h>

#include "lib/base/text.h"
#include "scanner/image/loader.h"
#include "scanner/image/registry.h"
#include "tests/unit/scanner/image/fake_registry.h"

namespace landwaiter::image {

using namespace std::chrono_literals;
using testing::Connection;
using testing::FakeRegistry;
using testing::LoopbackServer;
using testing::SeenRequest;
using testing::TinyImage;

inline ImageReference Reference(const std::string& text) {
  auto reference = ImageReference::Parse(text);
  EXPECT_TRUE(reference) << reference.error().message;
  return *reference;
}

inline RegistryCredential Password(const std::string& user, const std::string& password) {
  RegistryCredential credential;
  credential.username = user;
  credential.password = Secret(password);
  return credential;
}

/// A client and a registry that may speak plain HTTP to the given hosts and nothing else.
struct Puller {
  explicit Puller(const std::vector<const LoopbackServer*>& plain,
                  std::vector<std::string> allowed = {"127.0.0.1"}) {
    http::ClientOptions options;
    options.address_policy = *http::AddressPolicy::Create(http::PrivateRanges::kAllow, allowed);
    client = std::move(*http::Client::Create(std::move(options)));
    RegistryOptions registry_options;
    for (const LoopbackServer* server : plain) {
      registry_options.plain_http.push_back(server->Host());
    }
    registry_options.first_backoff = 1ms;
    registry_options.max_tries = 3;
    registry_options.stall_timeout = 300ms;
    registry = Registry::Create(*client, std::move(registry_options));
  }
  Result<LoadedImage> Load(const std::string& reference,
                           std::vector<RegistryCredential> credentials = {}) {
    auto source = registry->Open(Reference(reference), std::move(credentials), {});
    return LoadImage(*source, {});
  }
  Result<std::string> ReadLayer(const std::string& reference,
                                std::vector<RegistryCredential> credentials = {}) {
    auto source = registry->Open(Reference(reference), std::move(credentials), {});
    auto image = LoadImage(*source, {});
    if (!image) return std::move(image).error();
    return ReadBlob(*source, image->platforms.at(0).manifest.layers.at(0), 1 << 20);
  }
  std::unique_ptr<http::Client> client;
  std::unique_ptr<Registry> registry;
};

struct Fault {
  const char* name;
  std::function<bool(Connection&)> answer;
  std::string_view reason;
  int tries = 1;
};

inline std::function<bool(Connection&)> WithStatus(int status) {
  return [status](Connection& c) {
    return c.Reply(status, {}, R"({"errors":[{"code":"X","message":"own words"}]})");
  };
}

}  // namespace landwaiter::image
