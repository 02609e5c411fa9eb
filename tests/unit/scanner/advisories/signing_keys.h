// Ed25519 keys for tests, written as PEM from the seeds of RFC 8032, 7.1.
#pragma once

#include <cstdlib>
#include <string>

#include "lib/base/ed25519.h"

namespace landwaiter::advisories {

struct TestKeys {
  static constexpr const char* kPrivate =
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
      "-----END PRIVATE KEY-----\n";
  static constexpr const char* kPublic =
      "-----BEGIN PUBLIC KEY-----\n"
      "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
      "-----END PUBLIC KEY-----\n";
  static constexpr const char* kOtherPublic =
      "-----BEGIN PUBLIC KEY-----\n"
      "MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n"
      "-----END PUBLIC KEY-----\n";

  SigningKey signing = *SigningKey::FromPem(kPrivate);
  VerifyingKey verifying = *VerifyingKey::FromPem(kPublic);
  VerifyingKey other = *VerifyingKey::FromPem(kOtherPublic);
};

}  // namespace landwaiter::advisories
