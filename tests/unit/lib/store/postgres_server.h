// Debian's PostgreSQL, in a folder of its own, on a socket in that folder. It refuses to run as
// root, so under root it runs as nobody. It ends with the test program: by the process id that was
// started, and by the kernel where the test program dies.
#pragma once

#include <sys/types.h>

#include <string>

namespace landwaiter::store::testing {

class PostgresServer {
 public:
  /// Makes and starts it, and waits until it answers. A failure fails the test that asks.
  PostgresServer();
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  /// The file with the connection string of a new, empty database.
  std::string NewDatabase();
  /// One statement in the database behind the file; what it gives, as text.
  std::string Ask(const std::string& dsn_file, const std::string& sql);
  std::string ConnectionString(const std::string& database) const;
  const std::string& folder() const { return folder_; }

  void Start();
  /// At once, as a crash; what was committed is there after Start().
  void Kill();

 private:
  std::string folder_;
  pid_t pid_ = 0;
  int databases_ = 0;
};

/// Started by the first who asks, for the whole test program.
PostgresServer& SharedPostgres();

}  // namespace landwaiter::store::testing
