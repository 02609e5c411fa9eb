// landwaiter db push, pull: the database by way of a registry.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/database_path.h"
#include "cli/database_registry.h"
#include "cli/database_view.h"
#include "cli/db_commands.h"
#include "cli/interrupt.h"
#include "cli/repeat.h"
#include "lib/base/text.h"

namespace landwaiter::cli {
namespace {

struct Flags {
  std::string reference;
  std::string folder;
  std::string sign_key;
  std::vector<std::string> verify_keys;
  std::string every;
  RegistryFlags registry;
};

int Push(const Flags& flags) {
  const auto reference = ParseDatabaseReference(flags.reference);
  if (!reference) return ComplainOfDatabase(reference.error());
  std::unique_ptr<SigningKey> key;
  if (!flags.sign_key.empty()) {
    auto loaded = LoadSigningKey(flags.sign_key);
    if (!loaded) return ComplainOfDatabase(loaded.error());
    key = std::make_unique<SigningKey>(*std::move(loaded));
  }
  if (Status good = CheckRegistryFlags(flags.registry); !good) {
    return ComplainOfDatabase(good.error());
  }
  const Interrupt interrupt;
  const Cancellation cancel{interrupt.Token()};
  const auto access = AccessRegistry(*reference, flags.registry, cancel);
  if (!access) return ComplainOfDatabase(access.error());
  const auto pushed =
      PushDatabase(*access, *reference, DatabasePath(flags.folder), key.get(), cancel);
  if (!pushed) return ComplainOfDatabase(pushed.error());
  std::printf("%s%s\n", text::Printable(reference->WithDigest(pushed->digest)).c_str(),
              pushed->sent == 0 ? " (its blobs were there already)" : "");
  return kExitOk;
}

int Pull(const Flags& flags, const Cancellation& cancel) {
  const auto reference = ParseDatabaseReference(flags.reference);
  if (!reference) return ComplainOfDatabase(reference.error());
  const auto keys = LoadVerifyingKeys(flags.verify_keys);
  if (!keys) return ComplainOfDatabase(keys.error());
  if (Status good = CheckRegistryFlags(flags.registry); !good) {
    return ComplainOfDatabase(good.error());
  }
  const auto access = AccessRegistry(*reference, flags.registry, cancel);
  if (!access) return ComplainOfDatabase(access.error());
  const std::string folder = DatabasePath(flags.folder);
  const auto pulled = PullDatabase(*access, *reference, folder, *keys, cancel);
  if (!pulled) return ComplainOfDatabase(pulled.error());
  if (pulled->up_to_date) {
    std::printf("%s is up to date.\n", text::Printable(folder).c_str());
  } else {
    std::fputs(RenderStatus(pulled->info, folder, SystemClock().Now()).c_str(), stdout);
  }
  return kExitOk;
}

}  // namespace

void AddDbRegistry(CLI::App& db, int& exit_code) {
  CLI::App* const push = db.add_subcommand("push", "Put the database into a registry");
  const auto from = std::make_shared<Flags>();
  push->add_option("REFERENCE", from->reference, "As in oci://registry.example/team/db:1")
      ->required();
  push->add_option("--db", from->folder, "Folder of the database");
  push->add_option("--sign-key", from->sign_key,
                   "Ed25519 private key (PKCS#8 PEM) to sign it with");
  AddRegistryFlags(*push, from->registry);
  push->callback([from, &exit_code] { exit_code = Push(*from); });

  CLI::App* const pull =
      db.add_subcommand("pull", "Take the database from a registry, and swap it in");
  const auto to = std::make_shared<Flags>();
  pull->add_option("REFERENCE", to->reference, "Where push put it: oci://HOST/NAME:TAG")
      ->required();
  pull->add_option("--db", to->folder, "Folder of the database");
  pull->add_option("--verify-key", to->verify_keys,
                   "Ed25519 public key (PEM) that must have signed it; repeatable, one must have")
      ->allow_extra_args(false);
  pull->add_option("--every", to->every,
                   "Again after this time (1h, 1d), until it is told to stop");
  AddRegistryFlags(*pull, to->registry);
  pull->callback([to, &exit_code] {
    exit_code = Repeat(to->every, [&to](const Cancellation& cancel) { return Pull(*to, cancel); });
  });
}

}  // namespace landwaiter::cli
