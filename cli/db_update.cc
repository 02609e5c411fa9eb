// landwaiter db update: fetch the feeds, build a database of them, swap it in.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/database_path.h"
#include "cli/database_view.h"
#include "cli/db_commands.h"
#include "cli/repeat.h"
#include "lib/base/text.h"
#include "scanner/updates/update.h"

namespace landwaiter::cli {
namespace {

constexpr auto kProgressEvery = std::chrono::milliseconds(200);

struct Flags {
  updates::FileChoice choice;
  std::string folder;
  std::string store;
  std::string every;
  std::string ca_file;
  bool insecure = false;
  bool allow_shrink = false;
  bool keep_going = false;
};

/// One line on a terminal, written over; nothing elsewhere.
class Line {
 public:
  ~Line() { Clear(); }
  void Show(const std::string& text) {
    const auto now = std::chrono::steady_clock::now();
    if (!terminal_ || now < next_) return;
    next_ = now + kProgressEvery;
    shown_ = true;
    std::fprintf(stderr, "\r\033[K%s", text::Printable(text).c_str());
  }
  void Clear() {
    if (shown_) std::fputs("\r\033[K", stderr);
    shown_ = false;
  }

 private:
  bool terminal_ = ::isatty(STDERR_FILENO) == 1;
  bool shown_ = false;
  std::chrono::steady_clock::time_point next_{};
};

Result<std::unique_ptr<http::Client>> MakeClient(const Flags& flags) {
  http::ClientOptions options;
  options.ca_file = flags.ca_file;
  options.insecure = flags.insecure;
  options.use_environment_proxies = true;
  options.address_policy.emplace();
  options.user_agent = "landwaiter/" LANDWAITER_VERSION;
  return http::Client::Create(std::move(options));
}

updates::UpdateOptions OptionsFor(const Flags& flags, std::vector<updates::FeedFile> files,
                                  Line* line) {
  updates::UpdateOptions options;
  options.files = std::move(files);
  options.build.output = DatabasePath(flags.folder);
  options.store = flags.store.empty() ? options.build.output + "/feeds" : flags.store;
  options.build.keep_going = flags.keep_going;
  options.allow_shrink = flags.allow_shrink;
  options.on_progress = [line](const updates::FeedFile& file, std::uint64_t bytes,
                               std::uint64_t total) {
    const std::string of = total == 0 ? "" : " of " + std::to_string(total >> 10);
    line->Show(file.name + ": " + std::to_string(bytes >> 10) + of + " KiB");
  };
  options.wait = [line](std::chrono::milliseconds time, const std::string& host,
                        const Cancellation& cancel) {
    line->Clear();
    std::fprintf(stderr, "waiting %lld s before %s is asked again\n",
                 static_cast<long long>(time.count() / 1000), text::Printable(host).c_str());
    return updates::WaitFor(time, host, cancel);
  };
  options.on_file = [line](const updates::FileReport& report) {
    if (report.state != updates::FileState::kKept) return;
    line->Clear();
    std::fprintf(stderr, "kept the last good %s, of %s: %s\n", report.file.name.c_str(),
                 FormatTime(report.checked_at).c_str(),
                 text::Printable(report.error.message).c_str());
  };
  options.build.on_progress = [line](const advisories::BuildProgress& progress) {
    line->Show(std::to_string(progress.records) + " records, reading " + progress.feed);
  };
  options.build.on_broken = [line](const Error& error) {
    line->Clear();
    std::fprintf(stderr, "left out: %s\n", text::Printable(error.message).c_str());
  };
  return options;
}

int Update(const Flags& flags, const Cancellation& cancel) {
  updates::FileChoice choice = flags.choice;
  choice.year = FormatTime(SystemClock().Now()).substr(0, 4);
  auto files = updates::ChooseFiles(choice);
  if (!files) return ComplainOfDatabase(files.error());
  const auto client = MakeClient(flags);
  if (!client) return ComplainOfDatabase(client.error());
  Line line;
  const updates::UpdateOptions options = OptionsFor(flags, *std::move(files), &line);
  const auto report = updates::UpdateDatabase(**client, SystemClock(), options, cancel);
  line.Clear();
  if (!report) {
    ComplainOfDatabase(report.error());
    return kExitIncomplete;
  }
  std::fputs(RenderStatus(report->info, options.build.output, SystemClock().Now()).c_str(), stdout);
  for (const updates::FileReport& file : report->files) {
    if (file.state == updates::FileState::kKept) return kExitIncomplete;
  }
  return kExitOk;
}

}  // namespace

void AddDbUpdate(CLI::App& db, int& exit_code) {
  CLI::App* const update =
      db.add_subcommand("update", "Fetch the feeds, make a database of them and swap it in");
  const auto flags = std::make_shared<Flags>();
  std::string kinds;
  for (const updates::FeedAddress& row : updates::FeedAddresses()) {
    kinds += (kinds.empty() ? "" : ", ") + std::string(row.name);
  }
  update->add_option("--feed", flags->choice.feeds,
                     "Only these: NAME, or NAME=URL for another address (\"{}\" stands for each "
                     "part of the feed); repeatable; names: " +
                         kinds);
  update->add_option("--ecosystem", flags->choice.ecosystems,
                     "Only these of osv: Debian, npm, PyPI, …; repeatable");
  update->add_option("--mirror", flags->choice.mirror,
                     "Base URL under which HOST/PATH of each upstream address is looked for");
  update->add_option("--db,--output", flags->folder, "Folder of the database");
  update->add_option(
      "--store", flags->store,
      "Folder in which what was fetched is kept (default: feeds, in the database's)");
  update->add_option("--every", flags->every,
                     "Again after this time (6h, 1d), until it is told to stop");
  update->add_flag("--allow-shrink", flags->allow_shrink,
                   "Take a feed that lost more than a tenth of its bytes or records");
  update->add_flag("--keep-going", flags->keep_going,
                   "Leave broken records out and count them, in place of failing");
  update->add_option("--cacert", flags->ca_file,
                     "PEM file of the authorities that servers' certificates are checked against");
  update->add_flag("--insecure", flags->insecure, "do not check servers' certificates");
  update->callback([flags, &exit_code] {
    exit_code = Repeat(flags->every,
                       [&flags](const Cancellation& cancel) { return Update(*flags, cancel); });
  });
}

}  // namespace landwaiter::cli
