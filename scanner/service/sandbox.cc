#include "scanner/service/sandbox.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "model/scan_request.h"

namespace landwaiter::service {
namespace {

constexpr uid_t kNobody = 65534;
// As nobody, threads of all scans together: 3 layers × 3 stages and some, per scan.
constexpr rlim_t kMaxNobodyThreads = 4096;
constexpr rlim_t kMaxFiles = 64;

Error Refused(const std::string& step, int code) {
  return Internal("sandbox: " + step + ": " + strerror(code))
      .WithReason(scan_reason::kScannerFailed);
}

Status Limit(__rlimit_resource resource, rlim_t value, const char* name) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0) return Refused(name, errno);
  if (limit.rlim_max != RLIM_INFINITY && value > limit.rlim_max) value = limit.rlim_max;
  limit.rlim_cur = value;
  limit.rlim_max = value;
  if (setrlimit(resource, &limit) != 0) return Refused(name, errno);
  return Ok();
}

Status SetLimits(const SandboxOptions& options) {
  struct Wanted {
    __rlimit_resource resource;
    rlim_t value;
    const char* name;
  };
  const std::array<Wanted, 5> wanted = {{{RLIMIT_CORE, 0, "RLIMIT_CORE"},
                                         {RLIMIT_NOFILE, kMaxFiles, "RLIMIT_NOFILE"},
                                         {RLIMIT_CPU, options.cpu_seconds, "RLIMIT_CPU"},
                                         {RLIMIT_FSIZE, options.file_bytes, "RLIMIT_FSIZE"},
                                         {RLIMIT_AS, options.memory_bytes, "RLIMIT_AS"}}};
  for (const auto& [resource, value, name] : wanted) {
    if (value == 0 && resource != RLIMIT_CORE) continue;
    if (resource == RLIMIT_AS && SandboxIsWeakened()) continue;
    if (auto set = Limit(resource, value, name); !set) return set;
  }
  return Ok();
}

// Root gives itself up. Where it may not (a container that dropped the capability for it), it is
// root in name only: the capabilities go all the same.
Status DropUser() {
  if (geteuid() == 0) {
    // RLIMIT_NPROC counts a user's threads on the whole machine: set only for nobody, whose threads
    // are scans. Other users' scans are bounded by memory and by the filter, which knows no fork.
    if (auto set = Limit(RLIMIT_NPROC, kMaxNobodyThreads, "RLIMIT_NPROC"); !set) return set;
    const bool dropped = setgroups(0, nullptr) == 0 && setresgid(kNobody, kNobody, kNobody) == 0 &&
                         setresuid(kNobody, kNobody, kNobody) == 0;
    if (!dropped && errno != EPERM) return Refused("another user", errno);
  }
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> none{};
  if (syscall(SYS_capset, &header, none.data()) != 0) return Refused("no capabilities", errno);
  return Ok();
}

Status DropPrivileges() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Refused("no new privileges", errno);
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return Refused("not dumpable", errno);
  // After the change of user, which clears it.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return Refused("parent's death", errno);
  return Ok();
}

// Calls that act on memory, time, own threads and descriptors that are open already.
constexpr std::array<int, 40> kAllowed = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(preadv),
    SCMP_SYS(pwritev),
    SCMP_SYS(lseek),
    SCMP_SYS(fstat),
    SCMP_SYS(ftruncate),
    SCMP_SYS(close),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getrandom),
    SCMP_SYS(sysinfo),
    SCMP_SYS(membarrier),
    SCMP_SYS(fadvise64),
};

class Filter {
 public:
  Filter() : context_(seccomp_init(SCMP_ACT_KILL_PROCESS)) {}
  ~Filter() { seccomp_release(context_); }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  template <class... Conditions>
  void Add(std::uint32_t action, int call, Conditions... conditions) {
    if (failed_ != 0 || context_ == nullptr) return;
    const int code = seccomp_rule_add(context_, action, call, sizeof...(conditions), conditions...);
    if (code < 0) failed_ = -code;
  }
  Status Load() {
    if (context_ == nullptr) return Refused("system call filter", ENOMEM);
    if (failed_ != 0) return Refused("system call filter", failed_);
    const int code = seccomp_load(context_);
    return code < 0 ? Refused("system call filter", -code) : Ok();
  }

 private:
  scmp_filter_ctx context_;
  int failed_ = 0;
};

Status LoadFilter(int socket_fd) {
  Filter filter;
  for (const int call : kAllowed) filter.Add(SCMP_ACT_ALLOW, call);
  const auto fd = static_cast<scmp_datum_t>(socket_fd);
  for (const int call :
       {SCMP_SYS(sendmsg), SCMP_SYS(recvmsg), SCMP_SYS(sendto), SCMP_SYS(recvfrom)}) {
    filter.Add(SCMP_ACT_ALLOW, call, SCMP_A0(SCMP_CMP_EQ, fd));
  }
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) {
    filter.Add(SCMP_ACT_ALLOW, call, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
  }
  // Threads, not processes; clone3's flags lie behind a pointer, so libc falls back to clone.
  filter.Add(SCMP_ACT_ALLOW, SCMP_SYS(clone),
             SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
  filter.Add(SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3));
  // fstat as glibc 2.33 and later writes it.
  filter.Add(SCMP_ACT_ALLOW, SCMP_SYS(newfstatat),
             SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH));
  for (const int command : {F_GETFL, F_GETFD, F_DUPFD_CLOEXEC}) {
    filter.Add(SCMP_ACT_ALLOW, SCMP_SYS(fcntl),
               SCMP_A1(SCMP_CMP_EQ, static_cast<scmp_datum_t>(command)));
  }
  // abort() ends this process and no other.
  const auto self = static_cast<scmp_datum_t>(getpid());
  filter.Add(SCMP_ACT_ALLOW, SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, self));
  filter.Add(SCMP_ACT_ALLOW, SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
  return filter.Load();
}

}  // namespace

bool SandboxIsWeakened() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
  return true;
#else
  return false;
#endif
#else
  return false;
#endif
}

Status EnterSandbox(const SandboxOptions& options) {
  if (close_range(static_cast<unsigned>(options.last_fd) + 1, ~0u, 0) != 0 && errno != ENOSYS) {
    return Refused("other files closed", errno);
  }
  if (auto set = SetLimits(options); !set) return set;
  if (auto dropped = DropUser(); !dropped) return dropped;
  if (auto dropped = DropPrivileges(); !dropped) return dropped;
  if (SandboxIsWeakened()) return Ok();
  return LoadFilter(options.socket_fd);
}

std::string DescribeSignal(int signal) {
  if (signal == SIGSYS) return "SIGSYS (a system call that its sandbox forbids)";
  if (signal == SIGXCPU) return "SIGXCPU (its limit of processor time)";
  if (signal == SIGXFSZ) return "SIGXFSZ (its limit of written bytes)";
  if (signal == SIGKILL) return "SIGKILL (the system was out of memory, or somebody killed it)";
  const char* name = sigabbrev_np(signal);
  return name == nullptr ? "signal " + std::to_string(signal) : "SIG" + std::string(name);
}

}  // namespace landwaiter::service
