// Each rule for secrets: what it finds, and what looks much like that and is none. The values are
// made here, so that no secret, nor anything that looks like one, stands in the repository.
#include "scanner/secrets/rules.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "lib/base/regex.h"
#include "scanner/secrets/find.h"

namespace landwaiter::secrets {
namespace {

/// So many characters of an alphabet, in no order that a person would write.
std::string Of(std::string_view alphabet, std::size_t count) {
  std::string text;
  std::uint64_t state = 88172645463325252ull + count;
  while (text.size() < count) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    text += alphabet[(state >> 11) % alphabet.size()];
  }
  return text;
}
constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
std::string Word(std::size_t count) {
  return Of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", count);
}
std::string Hex(std::size_t count) { return Of("0123456789abcdef", count); }
std::string Digits(std::size_t count) { return Of("0123456789", count); }
std::string Upper(std::size_t count) { return Of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", count); }
std::string Uuid() { return Hex(8) + "-" + Hex(4) + "-" + Hex(4) + "-" + Hex(4) + "-" + Hex(12); }
std::string Jwt() { return "eyJ" + Word(20) + ".eyJ" + Word(40) + "." + Word(43); }

std::vector<SecretFound> FindIn(std::string_view path, std::string_view text) {
  Finder finder([](std::string_view value) { return std::to_string(value.size()); });
  finder.Begin(path);
  finder.Feed(text);
  return finder.Finish().secrets;
}

bool Finds(std::string_view rule, std::string_view path, std::string_view text) {
  for (const SecretFound& found : FindIn(path, text)) {
    if (found.rule == rule) return true;
  }
  return false;
}

constexpr const char* kAnyPath = "srv/app/settings";

struct RuleCase {
  const char* rule;
  std::string secret;
  std::string near_miss;
  const char* path = kAnyPath;
};

std::vector<RuleCase> Cases() {
  const std::string bech = Of("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58);
  const std::string pem = "-----BEGIN ";
  const std::string key = Word(64) + "\n" + Word(64) + "\n";
  return {
      {"age-secret-key", "AGE-SECRET-KEY-1" + bech, "AGE-SECRET-KEY-1" + bech.substr(1)},
      {"alibaba-access-key-id", "id LTAI" + Word(20), "id LTAI" + Word(9)},
      {"anthropic-api-key", "sk-ant-api03-" + Word(93), "sk-ant-api03-" + Word(20)},
      {"artifactory-api-key", "AKCp" + Word(69), "AKCp" + Word(60)},
      {"atlassian-api-token", "ATATT3" + Word(186), "ATATT3" + Word(100)},
      {"aws-access-key-id", "id=AKIA" + Upper(16), "id=AKIA" + Upper(12)},
      {"aws-mws-token", "amzn.mws." + Uuid(), "amzn.mws." + Hex(32)},
      {"aws-secret-access-key", "aws_secret_access_key = " + Word(40),
       "aws_secret_access_key = " + Word(44)},
      {"azure-ad-client-secret", "s=" + Word(3) + "8Q~" + Word(34),
       "s=" + Word(3) + "8Q~" + Word(20)},
      {"azure-shared-access-key", "SharedAccessKey=" + Word(43) + "=",
       "SharedAccessKeyName=" + Word(43) + "="},
      {"azure-storage-key", "AccountKey=" + Word(86) + "==", "AccountKey=" + Word(80) + "=="},
      {"bitbucket-app-password", "ATBB" + Word(32), "ATBB" + Word(20)},
      {"buildkite-token", "bkua_" + Hex(40), "bkua_" + Hex(39)},
      {"circleci-token", "CCIPAT_" + Word(22) + "_" + Hex(40),
       "CCIPAT_" + Word(22) + "-" + Hex(40)},
      {"cloudflare-api-token", "CLOUDFLARE_API_TOKEN=" + Word(40), "CLOUDFLARE_ZONE=" + Word(40)},
      {"cloudflare-origin-ca-key", "v1.0-" + Hex(24) + "-" + Hex(146),
       "v1.0-" + Hex(24) + "-" + Hex(100)},
      {"crates-io-token", "t cio" + Word(32), "t cio" + Word(31)},
      {"database-url-password", "postgres://app:" + Word(16) + "@db:5432/app",
       "postgres://app@db:5432/app"},
      {"databricks-token", "dapi" + Hex(32), "dapi" + Hex(30)},
      {"datadog-api-key", "DD_API_KEY=" + Hex(32), "DD_API_KEY=" + Hex(20)},
      {"digitalocean-token", "dop_v1_" + Hex(64), "dop_v1_" + Hex(63)},
      {"discord-bot-token", "DISCORD_TOKEN=M" + Word(24) + "." + Word(6) + "." + Word(38),
       "DISCORD_TOKEN=M" + Word(24) + "." + Word(38)},
      {"discord-webhook", "https://discord.com/api/webhooks/" + Digits(18) + "/" + Word(68),
       "https://discord.example.com/api/webhooks/" + Digits(18) + "/" + Word(68)},
      {"docker-config-auth", R"({"auths":{"r":{"auth": ")" + Word(24) + "\"}}}",
       R"({"auths":{"r":{"auth": ""}}})", "root/.docker/config.json"},
      {"docker-hub-token", "dckr_pat_" + Word(27), "dckr_pat_" + Word(12)},
      {"doppler-token", "dp.pt." + Word(43), "dp.xx." + Word(43)},
      {"gcp-api-key", "AIza" + Word(35), "AIza" + Word(36)},
      {"gcp-oauth-client-secret", "GOCSPX-" + Word(28), "GOCSPX-" + Word(20)},
      {"gcp-service-account", R"("private_key_id": ")" + Hex(40) + "\"", R"("private_key_id": "")"},
      {"generic-secret", "db_password = \"" + Word(24) + "\"",
       "db_password = \"aaaaaaaaaaaaaaaa\""},
      {"generic-api-key", "api_key: '" + Word(32) + "'", "api_key: '" + Word(10) + "'"},
      {"github-app-token", "ghs_" + Word(36), "ghs_" + Word(35)},
      {"github-fine-grained-token", "github_pat_" + Word(22) + "_" + Word(59),
       "github_pat_" + Word(22) + "_" + Word(58)},
      {"github-oauth-token", "gho_" + Word(36), "gho_" + Word(37)},
      {"github-refresh-token", "ghr_" + Word(76), "ghr_" + Word(20)},
      {"github-token", "ghp_" + Word(36), "GHP_" + Word(36)},
      {"gitlab-deploy-token", "gldt-" + Word(20), "gldt-" + Word(10)},
      {"gitlab-runner-token", "glrt-" + Word(20), "glrt-" + Word(10)},
      {"gitlab-token", "glpat-" + Word(20), "glpat-" + Word(15)},
      {"gitlab-trigger-token", "glptt-" + Hex(40), "glptt-" + Hex(20)},
      {"grafana-cloud-token", "glc_eyJ" + Word(60), "glc_eyJ" + Word(8)},
      {"grafana-service-account-token", "glsa_" + Word(32) + "_" + Hex(8), "glsa_" + Word(32)},
      {"heroku-api-key", "HEROKU_API_KEY=" + Uuid(), "HEROKU_API_KEY=" + Hex(30)},
      {"heroku-oauth-token", "HRKU-AA" + Word(58), "HRKU-AA" + Word(20)},
      {"htpasswd-hash", "admin:$apr1$" + Word(8) + "$" + Word(22), "admin:x",
       "etc/nginx/.htpasswd"},
      {"huggingface-token", "hf_" + Of(kLetters, 34), "hf_" + Of(kLetters, 33)},
      {"jwt", "Bearer " + Jwt(), "Bearer eyJ" + Word(20) + "." + Word(40) + "." + Word(43)},
      {"kubeconfig-client-key", "    client-key-data: " + Word(200),
       "    client-certificate-data: " + Word(200)},
      {"kubeconfig-token", "users:\n- user:\n    token: " + Word(40) + "\n",
       "users:\n- user:\n    tokenFile: " + Word(40) + "\n", "root/.kube/config"},
      {"linear-api-key", "lin_api_" + Word(40), "lin_api_" + Word(39)},
      {"mailchimp-api-key", "MAILCHIMP_KEY=" + Hex(32) + "-us12", "MAILCHIMP_KEY=" + Hex(32)},
      {"mailgun-api-key", "key-" + Hex(32), "monkey-" + Hex(32)},
      {"netrc-password", "machine a login b password " + Word(12), "machine a login b",
       "root/.netrc"},
      {"newrelic-api-key", "NRAK-" + Upper(27), "NRAK-" + Upper(20)},
      {"notion-token", "ntn_" + Digits(11) + Word(35), "ntn_" + Word(20)},
      {"npm-token", "npm_" + Word(36), "npm_" + Word(20)},
      {"npmrc-auth", "//registry.example.org/:_authToken=" + Word(40),
       "//registry.example.org/:_authToken=${NPM_TOKEN}", "root/.npmrc"},
      {"openai-api-key", "sk-" + Word(20) + "T3BlbkFJ" + Word(20), "sk-" + Word(48)},
      {"pgp-private-key", pem + "PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\n" + key,
       pem + "PGP PUBLIC KEY BLOCK-----\n\n" + key},
      {"pgpass-password", "db:5432:app:me:" + Word(12) + "\n", "db:5432:app:me\n", "root/.pgpass"},
      {"postman-api-key", "PMAK-" + Hex(24) + "-" + Hex(34), "PMAK-" + Hex(24)},
      {"private-key", pem + "RSA PRIVATE KEY-----\n" + key,
       pem + "RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n" + key},
      {"private-key-openssh", pem + "OPENSSH PRIVATE KEY-----\n" + key,
       pem + "OPENSSH PRIVATE KEY-----\n..."},
      {"private-key-putty", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n",
       "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: aes256-cbc\n"},
      {"pulumi-token", "pul-" + Hex(40), "pul-" + Hex(20)},
      {"pypi-token", "pypi-AgEIcHlwaS5vcmc" + Word(90), "pypi-AgEIcHlwaS5vcmc"},
      {"rubygems-token", "rubygems_" + Hex(48), "rubygems_" + Hex(40)},
      {"sendgrid-api-key", "SG." + Word(22) + "." + Word(43), "SG." + Word(22) + "." + Word(40)},
      {"sentry-token", "sntrys_eyJ" + Word(80), "sntrys_" + Word(20)},
      {"shopify-token", "shpat_" + Hex(32), "shpat_" + Hex(31)},
      {"slack-app-token", "xapp-1-A" + Upper(10) + "-" + Digits(13) + "-" + Hex(64),
       "xapp-1-A" + Upper(10) + "-" + Hex(64)},
      {"slack-bot-token", "xoxb-" + Digits(12) + "-" + Digits(12) + "-" + Word(24),
       "xoxb-" + Digits(12) + "-" + Word(24)},
      {"slack-user-token",
       "xoxp-" + Digits(12) + "-" + Digits(12) + "-" + Digits(12) + "-" + Hex(32),
       "xoxp-" + Digits(12) + "-" + Hex(32)},
      {"slack-webhook",
       "https://hooks.slack.com/services/T" + Upper(8) + "/B" + Upper(8) + "/" + Word(24),
       "https://hooks.slack.com/services/"},
      {"square-token", "sq0atp-" + Word(22), "sq0atp-" + Word(10)},
      {"stripe-secret-key", "sk_live_" + Word(24), "pk_live_" + Word(24)},
      {"stripe-test-key", "sk_test_" + Word(24), "pk_test_" + Word(24)},
      {"stripe-webhook-secret", "whsec_" + Word(32), "whsec_" + Word(10)},
      {"telegram-bot-token", "bot: " + Digits(9) + ":AA" + Word(33),
       "bot: " + Digits(4) + ":AA" + Word(33)},
      {"terraform-cloud-token", Word(14) + ".atlasv1." + Word(67),
       Word(14) + ".atlasv2." + Word(67)},
      {"terraform-state-secret", R"("master_password": ")" + Word(16) + "\"",
       R"("master_password": "")", "srv/terraform.tfstate"},
      {"twilio-api-key", "TWILIO_API_KEY=SK" + Hex(32), "TWILIO_ACCOUNT=AC" + Hex(32)},
      {"twilio-auth-token", "TWILIO_AUTH_TOKEN=" + Hex(32), "TWILIO_AUTH_TOKEN=" + Hex(20)},
      {"vault-token", "hvs." + Word(90), "hvs." + Word(8)},
  };
}

TEST(SecretRules, FindTheirSecretsAndPassNearMisses) {
  for (const RuleCase& one : Cases()) {
    SCOPED_TRACE(one.rule);
    for (const char* frame : {"", "before\n", "x: "}) {
      // Formats of files of their own have lines of their own.
      if (std::string_view(frame) == "x: " && std::string_view(one.path) != kAnyPath) continue;
      EXPECT_TRUE(Finds(one.rule, one.path, frame + one.secret + "\n")) << one.secret;
    }
    EXPECT_FALSE(Finds(one.rule, one.path, one.near_miss + "\n")) << one.near_miss;
  }
}

TEST(SecretRules, EachHasACaseHere) {
  std::set<std::string> tried;
  for (const RuleCase& one : Cases()) tried.insert(one.rule);
  std::set<std::string> rules;
  for (const SecretRule& rule : Rules()) EXPECT_TRUE(rules.emplace(rule.id).second) << rule.id;
  EXPECT_EQ(tried, rules);
  EXPECT_GE(rules.size(), 60u);
}

TEST(SecretRules, AreSound) {
  for (const SecretRule& rule : Rules()) {
    SCOPED_TRACE(rule.id);
    const auto compiled = Regex::Compile(rule.pattern);
    ASSERT_TRUE(compiled) << compiled.error().message;
    EXPECT_FALSE(compiled->Matches("")) << "it would match everywhere";
    EXPECT_FALSE(rule.keywords.front().empty() && rule.paths.empty()) << "it looks at every file";
    for (const std::string_view keyword : rule.keywords) {
      EXPECT_TRUE(keyword.empty() || keyword.size() >= 2);
      for (const char c : keyword) EXPECT_FALSE(c >= 'A' && c <= 'Z') << keyword;
    }
  }
}

TEST(SecretRules, NeverTellTheValue) {
  for (const RuleCase& one : Cases()) {
    for (const SecretFound& found : FindIn(one.path, one.secret + "\n")) {
      EXPECT_LE(found.redacted.size(), 4 + std::string("…").size()) << one.rule;
    }
  }
}

}  // namespace
}  // namespace landwaiter::secrets
