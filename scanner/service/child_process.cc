#include "scanner/service/child_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "model/scan_request.h"

namespace landwaiter::service {
namespace {

// Above all targets, so that no dup2 overwrites what a later one needs.
constexpr int kParkedFd = 100;
constexpr int kFirstFd = 3;

Error Failed(const std::string& what, int code) {
  return Internal(what + ": " + strerror(code)).WithReason(scan_reason::kScannerFailed);
}

class SpawnActions {
 public:
  SpawnActions() { posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

class SpawnAttributes {
 public:
  SpawnAttributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    // A group of its own: the terminal's Ctrl-C goes to the parent, which ends the child.
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnAttributes() { posix_spawnattr_destroy(&attributes_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

}  // namespace

Result<ChildProcess> ChildProcess::Start(const std::string& program,
                                         const std::vector<std::string>& arguments,
                                         const std::vector<int>& fds) {
  SpawnActions actions;
  std::vector<FileDescriptor> parked;
  for (int fd = 0; fd < kFirstFd; ++fd) {
    posix_spawn_file_actions_addopen(actions.get(), fd, "/dev/null", O_RDWR, 0);
  }
  for (std::size_t i = 0; i < fds.size(); ++i) {
    parked.emplace_back(fcntl(fds[i], F_DUPFD_CLOEXEC, kParkedFd));
    if (!parked.back()) return Failed("no file descriptors for the image parser", errno);
    posix_spawn_file_actions_adddup2(actions.get(), parked.back().get(),
                                     kFirstFd + static_cast<int>(i));
  }
  std::vector<char*> argv = {const_cast<char*>("landwaiter")};
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::array<char*, 1> environment = {nullptr};
  const SpawnAttributes attributes;
  pid_t pid = 0;
  const int code = posix_spawn(&pid, program.c_str(), actions.get(), attributes.get(), argv.data(),
                               environment.data());
  if (code != 0) return Failed("the image parser " + program + " cannot be started", code);
  ChildProcess child(pid, FileDescriptor(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))));
  if (!child.pidfd_) return Failed("the image parser cannot be watched", errno);
  return child;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)), pidfd_(std::move(other.pidfd_)), status_(other.status_) {}

ChildProcess::~ChildProcess() {
  if (pid_ == 0 || status_) return;
  Kill();
  Wait();
}

void ChildProcess::Kill() const {
  if (pid_ != 0 && !status_) kill(pid_, SIGKILL);  // not yet waited for: the pid is still its own
}

int ChildProcess::Wait() {
  if (status_) return *status_;
  int status = 0;
  pid_t got = 0;
  do {
    got = waitpid(pid_, &status, 0);
  } while (got < 0 && errno == EINTR);
  status_ = status;
  return status;
}

Result<FileDescriptor> MakeScratchFile(const std::string& directory) {
  std::string folder = directory;
  if (folder.empty()) {
    const char* from_environment = getenv("TMPDIR");
    folder = from_environment == nullptr || *from_environment == '\0' ? "/tmp" : from_environment;
  }
  FileDescriptor unnamed(open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (unnamed) return unnamed;
  std::string name = folder + "/landwaiter-XXXXXX";
  FileDescriptor file(mkostemp(name.data(), O_CLOEXEC));
  if (!file) return Failed("scratch file in " + folder, errno);
  unlink(name.c_str());
  return file;
}

}  // namespace landwaiter::service
