// The subcommands of `landwaiter db` that stand in files of their own, and what they share.
#pragma once

#include <string>
#include <vector>

#include "lib/base/ed25519.h"
#include "lib/base/result.h"

namespace CLI {
class App;
}

namespace landwaiter::cli {

void AddDbExport(CLI::App& db, int& exit_code);    // export, import, verify
void AddDbRegistry(CLI::App& db, int& exit_code);  // push, pull
void AddDbUpdate(CLI::App& db, int& exit_code);    // update

/// A key's file is a few hundred bytes. Errors: as ReadFile and FromPem, naming the file.
Result<SigningKey> LoadSigningKey(const std::string& path);
Result<std::vector<VerifyingKey>> LoadVerifyingKeys(const std::vector<std::string>& paths);

/// "landwaiter db: …" on standard error; the exit code for this error: bad usage for what the
/// command line holds, else incomplete.
int ComplainOfDatabase(const Error& error);

}  // namespace landwaiter::cli
