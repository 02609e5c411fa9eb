#include "scanner/image/credential_helper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <vector>

#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "scanner/image/docker_config.h"

namespace landwaiter::image {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kStopCheck{100};  // a stop request has no file descriptor to poll
constexpr std::size_t kMaxShown = 200;

bool IsHelperName(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

/// The helper's environment: the person's own, which it needs to reach keyrings and clouds, less
/// what is meant for this program.
std::vector<char*> Environment() {
  std::vector<char*> kept;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!std::string_view(*variable).starts_with("LANDWAITER_")) kept.push_back(*variable);
  }
  kept.push_back(nullptr);
  return kept;
}

struct Finished {
  int status = 0;  // as waitpid gives it
  std::string output;
};

/// A child that is always reaped, by force where need be.
class Helper {
 public:
  explicit Helper(std::string program) : program_(std::move(program)) {}
  ~Helper() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    Reap();
  }
  Helper(const Helper&) = delete;
  Helper& operator=(const Helper&) = delete;

  Status Start(const std::string& input) {
    // A socket as standard input: writing to a helper that is gone raises no signal.
    int input_pair[2];
    int output_pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, input_pair) != 0)
      return Fault("socket");
    FileDescriptor input_here(input_pair[0]), input_there(input_pair[1]);
    if (::pipe2(output_pair, O_CLOEXEC) != 0) return Fault("pipe");
    output_ = FileDescriptor(output_pair[0]);
    FileDescriptor output_there(output_pair[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input_there.get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output_there.get(), STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    char get[] = "get";
    char* arguments[] = {program_.data(), get, nullptr};
    auto environment = Environment();
    const int fault =
        posix_spawnp(&pid_, program_.c_str(), &actions, nullptr, arguments, environment.data());
    posix_spawn_file_actions_destroy(&actions);
    if (fault != 0) {
      pid_ = 0;
      return Unavailable(
          "credential helper " + program_ + ": " +
          (fault == ENOENT ? "is not installed (it must be in PATH)" : std::strerror(fault)));
    }
    // A server's name is far below a socket's buffer, so this cannot block.
    if (::send(input_here.get(), input.data(), input.size(), MSG_NOSIGNAL) < 0 && errno != EPIPE) {
      return Fault("send");
    }
    return Ok();
  }

  Result<Finished> Finish(const Cancellation& cancel) {
    // By number: glibc 2.36 declares pidfd_open without C linkage.
    FileDescriptor exited(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    if (!exited) return Fault("pidfd").error();
    Finished finished;
    bool output_open = true;
    for (;;) {
      if (cancel.Stopped()) {
        return Error{Code::kCancelled, "credential helper " + program_ + ": cancelled"};
      }
      if (cancel.Expired()) {
        return Error{Code::kDeadlineExceeded,
                     "credential helper " + program_ + ": gave no answer in time"};
      }
      pollfd waits[2] = {{exited.get(), POLLIN, 0}, {output_open ? output_.get() : -1, POLLIN, 0}};
      const auto wait = std::min(cancel.Left() + milliseconds(1), kStopCheck);
      if (::poll(waits, 2, static_cast<int>(wait.count())) < 0 && errno != EINTR) {
        return Fault("poll").error();
      }
      if (waits[1].revents != 0) {
        char chunk[4096];
        const ssize_t got = ::read(output_.get(), chunk, sizeof chunk);
        if (got > 0) finished.output.append(chunk, static_cast<std::size_t>(got));
        if (got <= 0) output_open = false;
        if (finished.output.size() > kMaxHelperOutput) {
          return InvalidArgument("credential helper " + program_ + ": answers with more than " +
                                 std::to_string(kMaxHelperOutput) + " bytes");
        }
      } else if (waits[0].revents != 0) {  // gone, and nothing of its output is left
        finished.status = Reap();
        return finished;
      }
    }
  }

 private:
  int Reap() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    return status;
  }
  Status Fault(const char* what) const {
    return Unavailable("credential helper " + program_ + ": " + what + ": " + std::strerror(errno));
  }

  std::string program_;
  pid_t pid_ = 0;
  FileDescriptor output_;
};

Result<std::optional<RegistryCredential>> ReadAnswer(const std::string& program,
                                                     const std::string& output) {
  auto json = ParseJson(output, {kMaxHelperOutput, 8});
  std::string user, secret;
  Status done = json ? Ok() : Status(json.error());
  if (json) {
    JsonFields fields(*json, "");
    fields.String("Username", user, kMaxHelperOutput);
    fields.String("Secret", secret, kMaxHelperOutput);
    done = fields.Done();
  }
  if (!done) {
    return InvalidArgument("credential helper " + program +
                           ": its answer: " + done.error().message);
  }
  RegistryCredential credential;
  if (user == "<token>") {  // what helpers write for an identity token
    credential.identity_token = Secret(std::move(secret));
  } else {
    credential.username = std::move(user);
    credential.password = Secret(std::move(secret));
  }
  if (credential.empty()) return std::optional<RegistryCredential>();
  return std::optional(std::move(credential));
}

}  // namespace

Result<std::optional<RegistryCredential>> AskHelper(const std::string& name,
                                                    const std::string& server,
                                                    const Cancellation& cancel) {
  if (!IsHelperName(name)) {
    return InvalidArgument("credential helper '" + text::Printable(text::Truncate(name, 64)) +
                           "': the name must be letters, digits, '-', '_' and '.'");
  }
  const std::string program = "docker-credential-" + name;
  Helper helper(program);
  if (auto started = helper.Start(server); !started) return std::move(started).error();
  auto finished = helper.Finish(cancel.Within(kHelperTimeout));
  if (!finished) return std::move(finished).error();
  if (WIFEXITED(finished->status) && WEXITSTATUS(finished->status) == 0) {
    return ReadAnswer(program, finished->output);
  }
  if (finished->output.find("credentials not found") != std::string::npos) {
    return std::optional<RegistryCredential>();
  }
  return Unavailable("credential helper " + program + ": failed for " + server + ": " +
                     text::Printable(text::Truncate(text::Trim(finished->output), kMaxShown)));
}

}  // namespace landwaiter::image
