// `landwaiter certs`: the self-made authority and one certificate per role, as files. What stands
// there is kept: an authority is only ever replaced with --force, since every caBundle and every
// role trusts it.
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "cli/commands.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/http/certificates.h"

namespace landwaiter::cli {
namespace {

constexpr std::size_t kMaxPemBytes = 1 << 20;
constexpr const char* kRoles[] = {"webhook", "controller", "scanner"};

struct CertsOptions {
  std::string output;
  std::vector<std::string> dns;
  std::vector<std::string> ip;
  bool force = false;
};

Status MakeFolder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return Unavailable("folder " + path + ": " + error.message());
  if (::chmod(path.c_str(), 0700) != 0) {
    return Unavailable("folder " + path + ": " + std::strerror(errno));
  }
  return Ok();
}

Status WritePair(const std::string& certificate_path, const std::string& key_path,
                 const http::CertificatePair& pair) {
  // The key first: a certificate without its key would be taken for a finished pair.
  if (auto key = WriteFileAtomically(key_path, pair.key_pem.Reveal(), 0600); !key) return key;
  return WriteFileAtomically(certificate_path, pair.certificate_pem, 0644);
}

/// The authority that stands in the folder, or a new one.
Result<http::CertificatePair> Authority(const CertsOptions& options, TimePoint now, bool& made) {
  const std::string certificate_path = options.output + "/ca.crt";
  const std::string key_path = options.output + "/ca.key";
  std::error_code ignored;
  const bool has_certificate = std::filesystem::exists(certificate_path, ignored);
  const bool has_key = std::filesystem::exists(key_path, ignored);
  made = options.force || (!has_certificate && !has_key);
  if (!made) {
    if (has_certificate != has_key) {
      return InvalidArgument("folder " + options.output + ": holds only " +
                             (has_key ? "ca.key" : "ca.crt") +
                             " of the authority; put the other one back or use --force");
    }
    auto certificate = ReadFile(certificate_path, kMaxPemBytes);
    if (!certificate) return std::move(certificate).error();
    auto key = ReadFile(key_path, kMaxPemBytes);
    if (!key) return std::move(key).error();
    return http::CertificatePair{*std::move(certificate), Secret(*std::move(key))};
  }
  auto pair = http::MakeAuthority("landwaiter authority", now);
  if (!pair) return pair;
  if (auto written = WritePair(certificate_path, key_path, *pair); !written) {
    return written.error();
  }
  return pair;
}

Status MakeRole(const CertsOptions& options, const http::CertificatePair& authority,
                const std::string& role, TimePoint now) {
  const std::string folder = options.output + "/" + role;
  if (auto made = MakeFolder(folder); !made) return made;
  http::ServingNames names{.common_name = role, .dns = {"localhost"}, .ip = {"127.0.0.1", "::1"}};
  names.dns.insert(names.dns.end(), options.dns.begin(), options.dns.end());
  names.ip.insert(names.ip.end(), options.ip.begin(), options.ip.end());
  auto pair = http::MakeServing(authority, names, now);
  if (!pair) return std::move(pair).error();
  if (auto written = WriteFileAtomically(folder + "/ca.crt", authority.certificate_pem); !written) {
    return written;
  }
  return WritePair(folder + "/tls.crt", folder + "/tls.key", *pair);
}

Status Run(const CertsOptions& options) {
  const TimePoint now = SystemClock().Now();
  if (auto made = MakeFolder(options.output); !made) return made;
  bool made = false;
  auto authority = Authority(options, now, made);
  if (!authority) return std::move(authority).error();
  std::printf("%s %s/ca.crt\n", made ? "made" : "kept", options.output.c_str());
  for (const char* role : kRoles) {
    if (auto done = MakeRole(options, *authority, role, now); !done) return done;
    std::printf("made %s/%s/tls.crt\n", options.output.c_str(), role);
  }
  return Ok();
}

}  // namespace

void AddCertsCommand(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<CertsOptions>();
  CLI::App* command =
      app.add_subcommand("certs", "Make the roles' own authority and certificates as files");
  command
      ->add_option("--output", options->output, "Folder for ca.crt, ca.key and one folder a role")
      ->required();
  command->add_option("--dns", options->dns,
                      "Further DNS name of the certificates, as landwaiter-webhook.landwaiter.svc");
  command->add_option("--ip", options->ip, "Further address of the certificates");
  command->add_flag("--force", options->force, "Replace an authority that stands there");
  command->callback([options, &exit_code] {
    if (auto done = Run(*options); !done) {
      std::fprintf(stderr, "landwaiter: certs: %s\n", done.error().message.c_str());
      exit_code = done.error().code == Code::kInvalidArgument ? kExitUsage : kExitIncomplete;
    }
  });
}

}  // namespace landwaiter::cli
