#include "tests/unit/lib/store/postgres_server.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>
#include <vector>

#include "lib/base/file.h"
#include "lib/base/text.h"

namespace landwaiter::store::testing {
namespace {

namespace fs = std::filesystem;

constexpr auto kStartTimeout = std::chrono::seconds(60);
constexpr uid_t kNobody = 65534;

/// Debian puts each version's programs in a folder of its own.
std::string Programs() {
  for (int version = 19; version >= 13; --version) {
    const std::string folder = "/usr/lib/postgresql/" + std::to_string(version) + "/bin";
    if (fs::exists(folder + "/postgres")) return folder;
  }
  return {};
}

pid_t Spawn(const std::vector<std::string>& command, const std::string& log) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t pid = fork();
  if (pid != 0) return pid;
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  if (geteuid() == 0 && (setgid(kNobody) != 0 || setuid(kNobody) != 0)) _exit(126);
  // After the change of the user, which resets it. SIGQUIT: as pg_ctl's immediate stop.
  prctl(PR_SET_PDEATHSIG, SIGQUIT);
  execv(arguments[0], arguments.data());
  _exit(127);
}

int Await(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string LogOf(const std::string& folder) {
  auto log = ReadFile(folder + ".log", 1u << 20);
  return log ? *log : log.error().message;
}

}  // namespace

PostgresServer::PostgresServer() {
  std::string pattern = (fs::temp_directory_path() / "landwaiter-pg-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    ADD_FAILURE() << "no folder " << pattern;
    return;
  }
  folder_ = pattern;
  if (geteuid() == 0 && chown(folder_.c_str(), kNobody, kNobody) != 0) {
    ADD_FAILURE() << "cannot give " << folder_ << " away";
  }
  const int made = Await(Spawn({Programs() + "/initdb", "-D", folder_ + "/data", "-U", "landwaiter",
                                "-A", "trust", "--no-sync", "--locale=C.UTF-8"},
                               folder_ + ".log"));
  EXPECT_EQ(made, 0) << "initdb (package postgresql-15) failed";
  Start();
}

PostgresServer::~PostgresServer() {
  if (pid_ > 0) {
    kill(pid_, SIGINT);  // connections are ended, what is committed is kept
    Await(pid_);
  }
  fs::remove_all(folder_);
  fs::remove(folder_ + ".log");
}

void PostgresServer::Start() {
  // fsync stays on: what is told as written must be there after Kill().
  pid_ = Spawn({Programs() + "/postgres", "-D", folder_ + "/data", "-k", folder_, "-c",
                "listen_addresses=", "-c", "max_connections=30", "-c", "shared_buffers=16MB"},
               folder_ + ".log");
  const auto end = std::chrono::steady_clock::now() + kStartTimeout;
  while (PQping(ConnectionString("postgres").c_str()) != PQPING_OK) {
    if (std::chrono::steady_clock::now() > end || waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = 0;
      ADD_FAILURE() << "PostgreSQL did not start: " << LogOf(folder_);
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

void PostgresServer::Kill() {
  kill(pid_, SIGQUIT);  // ends its children, too; kill -9 would leave them for a while
  Await(pid_);
  pid_ = 0;
}

std::string PostgresServer::ConnectionString(const std::string& database) const {
  return "host=" + folder_ + " user=landwaiter dbname=" + database;
}

std::string PostgresServer::NewDatabase() {
  const std::string name = "test" + std::to_string(++databases_);
  const std::string admin = folder_ + "/postgres.dsn";
  std::ofstream(admin) << ConnectionString("postgres");
  Ask(admin, "CREATE DATABASE " + name);
  std::string file = folder_ + "/" + name + ".dsn";
  std::ofstream(file) << ConnectionString(name) << "\n";
  return file;
}

std::string PostgresServer::Ask(const std::string& dsn_file, const std::string& sql) {
  auto dsn = ReadFile(dsn_file, 4096);
  if (!dsn) return dsn.error().message;
  const std::shared_ptr<PGconn> connection(PQconnectdb(std::string(text::Trim(*dsn)).c_str()),
                                           PQfinish);
  const std::shared_ptr<PGresult> result(PQexec(connection.get(), sql.c_str()), PQclear);
  const auto status = PQresultStatus(result.get());
  EXPECT_TRUE(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
      << sql << ": " << PQerrorMessage(connection.get());
  return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

PostgresServer& SharedPostgres() {
  static PostgresServer server;
  return server;
}

}  // namespace landwaiter::store::testing
