// landwaiter db export, import, verify: a database as a file that can be carried and signed.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "cli/commands.h"
#include "cli/database_path.h"
#include "cli/database_view.h"
#include "cli/db_commands.h"
#include "cli/interrupt.h"
#include "lib/base/file.h"
#include "lib/base/text.h"
#include "scanner/advisories/database_archive.h"
#include "scanner/advisories/database_signature.h"

namespace landwaiter::cli {
namespace {

constexpr std::size_t kMaxKeyFileBytes = 64u << 10;
constexpr const char* kSignatureSuffix = ".sig";

struct ExportFlags {
  std::string file;
  std::string folder;
  std::string sign_key;
};

struct ImportFlags {
  std::string file;
  std::string folder;
  std::string signature;
  std::vector<std::string> verify_keys;
};

/// A signature of another database beside this one's archive would be taken for this one's.
Status WriteSignature(const std::string& path, const std::string& signature) {
  if (!signature.empty()) return WriteFileAtomically(path, signature);
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return Ok();
  return Internal("cannot remove " + path + ": " + std::strerror(errno));
}

int Export(const ExportFlags& flags) {
  std::unique_ptr<SigningKey> key;
  if (!flags.sign_key.empty()) {
    auto loaded = LoadSigningKey(flags.sign_key);
    if (!loaded) return ComplainOfDatabase(loaded.error());
    key = std::make_unique<SigningKey>(*std::move(loaded));
  }
  const Interrupt interrupt;
  const auto done = advisories::ExportDatabase(DatabasePath(flags.folder), flags.file, key.get(),
                                               Cancellation{interrupt.Token()});
  if (!done) return ComplainOfDatabase(done.error());
  const std::string signature = flags.file + kSignatureSuffix;
  if (Status status = WriteSignature(signature, done->signature); !status) {
    return ComplainOfDatabase(status.error());
  }
  std::printf("%s: database %s of %s%s\n", text::Printable(flags.file).c_str(),
              done->info.id.c_str(), FormatTime(done->info.built_at).c_str(),
              done->signature.empty() ? "" : ", signed");
  return kExitOk;
}

/// The signature that was named must be there; the one beside the archive may be.
Result<std::string> SignatureOf(const ImportFlags& flags) {
  if (!flags.signature.empty()) return advisories::ReadSignatureFile(flags.signature);
  auto found = advisories::ReadSignatureFile(flags.file + kSignatureSuffix);
  if (!found && found.error().code == Code::kNotFound) return std::string();
  return found;
}

int Import(const ImportFlags& flags) {
  auto keys = LoadVerifyingKeys(flags.verify_keys);
  if (!keys) return ComplainOfDatabase(keys.error());
  auto signature = SignatureOf(flags);
  if (!signature) return ComplainOfDatabase(signature.error());
  advisories::ImportOptions options{flags.file, DatabasePath(flags.folder), *std::move(signature),
                                    *std::move(keys)};
  const Interrupt interrupt;
  const auto info = advisories::ImportDatabase(options, Cancellation{interrupt.Token()});
  if (!info) return ComplainOfDatabase(info.error());
  std::fputs(RenderStatus(*info, options.folder, SystemClock().Now()).c_str(), stdout);
  return kExitOk;
}

int Verify(const ImportFlags& flags) {
  const auto keys = LoadVerifyingKeys(flags.verify_keys);
  if (!keys) return ComplainOfDatabase(keys.error());
  const auto state = advisories::VerifyFolder(DatabasePath(flags.folder), *keys);
  if (!state) return ComplainOfDatabase(state.error());
  std::puts("The file is what its manifest says.");
  switch (*state) {
    case advisories::SignatureState::kVerified:
      std::puts("The signature is by the given key.");
      break;
    case advisories::SignatureState::kUnchecked:
      std::puts("There is a signature; --key FILE checks it.");
      break;
    case advisories::SignatureState::kNone:
      std::puts("There is no signature.");
      break;
  }
  return kExitOk;
}

}  // namespace

Result<SigningKey> LoadSigningKey(const std::string& path) {
  auto pem = ReadFile(path, kMaxKeyFileBytes);
  if (!pem) return std::move(pem).error();
  auto key = SigningKey::FromPem(*pem);
  if (!key) return std::move(key).error().Context(path);
  return key;
}

Result<std::vector<VerifyingKey>> LoadVerifyingKeys(const std::vector<std::string>& paths) {
  std::vector<VerifyingKey> keys;
  for (const std::string& path : paths) {
    auto pem = ReadFile(path, kMaxKeyFileBytes);
    if (!pem) return std::move(pem).error();
    auto key = VerifyingKey::FromPem(*pem);
    if (!key) return std::move(key).error().Context(path);
    keys.push_back(*std::move(key));
  }
  return keys;
}

int ComplainOfDatabase(const Error& error) {
  std::fprintf(stderr, "landwaiter db: %s\n", text::Printable(error.message).c_str());
  return error.code == Code::kInvalidArgument ? kExitUsage : kExitIncomplete;
}

void AddDbExport(CLI::App& db, int& exit_code) {
  CLI::App* const out = db.add_subcommand("export", "Write the database to one file");
  const auto from = std::make_shared<ExportFlags>();
  out->add_option("FILE", from->file, "Where to, as in db.tar.zst")->required();
  out->add_option("--db", from->folder, "Folder of the database");
  out->add_option("--sign-key", from->sign_key,
                  "Ed25519 private key (PKCS#8 PEM); the signature goes to FILE.sig");
  out->callback([from, &exit_code] { exit_code = Export(*from); });

  CLI::App* const in = db.add_subcommand("import", "Take in what export wrote, and swap it in");
  const auto to = std::make_shared<ImportFlags>();
  in->add_option("FILE", to->file, "What export wrote")->required();
  in->add_option("--db", to->folder, "Folder of the database");
  in->add_option("--verify-key", to->verify_keys,
                 "Ed25519 public key (PEM) that must have signed it; repeatable, one must have")
      ->allow_extra_args(false);
  in->add_option("--signature", to->signature, "Its signature (default: FILE.sig, if it is there)");
  in->callback([to, &exit_code] { exit_code = Import(*to); });

  CLI::App* const verify =
      db.add_subcommand("verify", "Read the whole database and check digest and signature");
  const auto seen = std::make_shared<ImportFlags>();
  verify->add_option("DIR,--db", seen->folder, "Folder of the database");
  verify->add_option(
      "--key,--verify-key", seen->verify_keys,
      "Ed25519 public key (PEM) that must have signed it; repeatable, one must have");
  verify->callback([seen, &exit_code] { exit_code = Verify(*seen); });
}

}  // namespace landwaiter::cli
