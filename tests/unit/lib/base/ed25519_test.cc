#include "lib/base/ed25519.h"

#include <gtest/gtest.h>

#include "lib/base/text.h"

namespace landwaiter {
namespace {

std::string Pem(const std::string& what, const std::string& der) {
  return "-----BEGIN " + what + "-----\n" + text::Base64Encode(der) + "\n-----END " + what +
         "-----\n";
}

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

/// RFC 8410, sections 7 and 4: the fixed heads of an Ed25519 key's PKCS#8 and SPKI.
std::string PrivatePem(const std::string& seed_hex) {
  return Pem("PRIVATE KEY", FromHex("302e020100300506032b657004220420" + seed_hex));
}
std::string PublicPem(const std::string& key_hex) {
  return Pem("PUBLIC KEY", FromHex("302a300506032b6570032100" + key_hex));
}

struct Vector {
  const char* seed;
  const char* key;
  const char* message;
  const char* signature;
};

/// RFC 8032, 7.1: TEST 1 to TEST 3.
constexpr Vector kVectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
     "b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
     "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
     "c6594a7c15e9716ed28dc027beceea1ec40a"},
};

TEST(Ed25519, SignsAndVerifiesAsTheRfcDoes) {
  for (const Vector& vector : kVectors) {
    const auto key = SigningKey::FromPem(PrivatePem(vector.seed));
    ASSERT_TRUE(key) << key.error().message;
    const std::string message = FromHex(vector.message);
    const auto signature = key->Sign(message);
    ASSERT_TRUE(signature) << signature.error().message;
    EXPECT_EQ(*signature, FromHex(vector.signature));
    const auto other = VerifyingKey::FromPem(PublicPem(vector.key));
    ASSERT_TRUE(other) << other.error().message;
    EXPECT_TRUE(other->Verifies(message, *signature));
    EXPECT_FALSE(other->Verifies(message + "x", *signature));
    EXPECT_FALSE(other->Verifies(message, ""));
    EXPECT_FALSE(other->Verifies(message, signature->substr(1)));
    EXPECT_FALSE(other->Verifies(message, *signature + "\n"));
    std::string bent = *signature;
    bent[5] = static_cast<char>(bent[5] ^ 1);
    EXPECT_FALSE(other->Verifies(message, bent));
  }
}

TEST(Ed25519, WhatIsNoKeyIsRefusedAndNotShown) {
  const std::string good = PrivatePem(kVectors[0].seed);
  // X25519 has the same shape and another algorithm (RFC 8410, 3).
  const std::string x25519 = Pem(
      "PRIVATE KEY", FromHex("302e020100300506032b656e04220420" + std::string(kVectors[0].seed)));
  struct Row {
    const char* name;
    std::string pem;
  };
  for (const Row& row :
       {Row{"nothing", ""}, Row{"text", "a key"}, Row{"a public key", PublicPem(kVectors[0].key)},
        Row{"a key of another algorithm", x25519}, Row{"a key that breaks off", good.substr(0, 60)},
        Row{"a huge file", std::string(1u << 20, 'x')},
        Row{"an encrypted key",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGjMF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBB"
            "A=\n-----END ENCRYPTED PRIVATE KEY-----\n"}}) {
    const auto key = SigningKey::FromPem(row.pem);
    ASSERT_FALSE(key) << row.name;
    EXPECT_EQ(key.error().code, Code::kInvalidArgument) << row.name;
    EXPECT_EQ(key.error().message.find("MC4C"), std::string::npos) << row.name;
  }
  EXPECT_FALSE(VerifyingKey::FromPem(good)) << "a private key is not handed out to verify with";
}

}  // namespace
}  // namespace landwaiter
