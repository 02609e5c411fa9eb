// The rules for secrets: one row each, from the public forms of tokens. To add one: its row in
// rules.cc, its line in tests/unit/scanner/secrets/rules_test.cc, and kSecretRulesVersion one
// higher (model/secret_rules.h).
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "model/collection.h"

namespace landwaiter::secrets {

struct SecretRule {
  std::string_view id;
  SecretConfidence confidence = SecretConfidence::kHigh;
  /// In lower case; one of them stands in every match, whatever its case. Unused ones are empty.
  std::array<std::string_view, 4> keywords = {};
  /// RE2; its first group is the secret.
  std::string_view pattern = {};
  double min_entropy = 0;  // of the secret, bits a byte
  /// Globs over the file's path, separated by blanks; "" is any. A rule without keywords looks at
  /// these files alone.
  std::string_view paths = {};
};

std::span<const SecretRule> Rules();

}  // namespace landwaiter::secrets
