// A client for tests.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "lib/http/client.h"

namespace landwaiter::http {

inline std::unique_ptr<Client> MakeClient(ClientOptions options = {}) {
  auto client = Client::Create(std::move(options));
  EXPECT_TRUE(client) << client.error().message;
  return std::move(*client);
}

}  // namespace landwaiter::http
