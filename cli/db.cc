// landwaiter db: make an advisory database, look at one, ask it. Exit codes: 0; 2 bad usage;
// 3 no database, a damaged one, or a feed that could not be read whole.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/database_path.h"
#include "cli/database_view.h"
#include "cli/db_commands.h"
#include "cli/interrupt.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "scanner/advisories/builder.h"
#include "scanner/advisories/database.h"

namespace landwaiter::cli {
namespace {

using advisories::AdvisoryDatabase;

constexpr auto kProgressEvery = std::chrono::milliseconds(200);

struct BuildFlags {
  std::vector<std::string> feeds;
  std::string output;
  bool keep_going = false;
};

struct ViewFlags {
  std::string folder;
  std::string package;
  std::string ecosystem;
  std::string format = "table";
  bool verify = false;
};

/// One line on a terminal, written over; nothing elsewhere.
class BuildProgressLine {
 public:
  ~BuildProgressLine() { Clear(); }
  void Show(const advisories::BuildProgress& progress) {
    const auto now = std::chrono::steady_clock::now();
    if (!terminal_ || now < next_) return;
    next_ = now + kProgressEvery;
    shown_ = true;
    std::fprintf(stderr, "\r\033[K%llu records, reading %s",
                 static_cast<unsigned long long>(progress.records),
                 text::Printable(progress.feed).c_str());
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

int Build(const BuildFlags& flags) {
  advisories::BuildOptions options;
  for (const std::string& feed : flags.feeds) {
    auto source = advisories::ParseFeedSource(feed);
    if (!source) {
      Complain("landwaiter db", source.error(), kExitIncomplete);
      return kExitUsage;
    }
    options.feeds.push_back(*std::move(source));
  }
  options.output = DatabasePath(flags.output);
  options.keep_going = flags.keep_going;
  options.now = SystemClock().Now();
  const Interrupt interrupt;
  BuildProgressLine line;
  options.on_progress = [&](const advisories::BuildProgress& progress) { line.Show(progress); };
  options.on_broken = [&](const Error& error) {
    line.Clear();
    std::fprintf(stderr, "left out: %s\n", text::Printable(error.message).c_str());
  };
  const auto info = advisories::BuildDatabase(options, Cancellation{interrupt.Token()});
  line.Clear();
  if (!info) {
    Complain("landwaiter db", info.error(), kExitIncomplete);
    const bool record = info.error().code == Code::kInvalidArgument && !flags.keep_going;
    if (record)
      std::fprintf(stderr, "With --keep-going broken records are left out and counted.\n");
    return kExitIncomplete;
  }
  std::fputs(RenderStatus(*info, options.output, options.now).c_str(), stdout);
  return kExitOk;
}

int ShowStatus(const ViewFlags& flags) {
  const std::string folder = DatabasePath(flags.folder);
  const auto database = AdvisoryDatabase::Open(folder);
  if (!database) return Complain("landwaiter db", database.error(), kExitIncomplete);
  if (flags.verify) {
    if (Status status = AdvisoryDatabase::Verify(folder); !status) {
      return Complain("landwaiter db", status.error(), kExitIncomplete);
    }
  }
  const auto& info = (*database)->Info();
  const bool json = flags.format == "json";
  std::fputs((json ? ToJson(info) : RenderStatus(info, folder, SystemClock().Now())).c_str(),
             stdout);
  if (flags.verify && flags.format != "json") std::puts("The file is what its manifest says.");
  return kExitOk;
}

Result<LookupAnswer> Ask(const AdvisoryDatabase& database, const ViewFlags& flags) {
  LookupAnswer answer;
  std::vector<std::string> ecosystems{flags.ecosystem};
  if (flags.ecosystem.empty()) {
    auto found = database.EcosystemsOf(flags.package);
    if (!found) return std::move(found).error();
    ecosystems = *std::move(found);
  } else if (!database.HasEcosystem(flags.ecosystem)) {
    std::string known;
    for (const auto& entry : database.Info().ecosystems) known += " " + entry.name;
    return NotFound("the database has no feed for " + flags.ecosystem + "; it has:" + known);
  }
  for (const std::string& ecosystem : ecosystems) {
    auto rows = database.Lookup(ecosystem, flags.package);
    if (!rows) return std::move(rows).error();
    for (advisories::Affected& affected : *rows) {
      auto advisory = database.GetAdvisory(affected.advisory);
      if (!advisory) return std::move(advisory).error();
      LookupRow row{ecosystem, std::move(affected), *std::move(advisory), false};
      if (Status status = MarkExploited(database, &row); !status) return status.error();
      answer.push_back(std::move(row));
    }
  }
  return answer;
}

int Lookup(const ViewFlags& flags) {
  const auto database = AdvisoryDatabase::Open(DatabasePath(flags.folder));
  if (!database) return Complain("landwaiter db", database.error(), kExitIncomplete);
  const auto answer = Ask(**database, flags);
  if (!answer) return Complain("landwaiter db", answer.error(), kExitIncomplete);
  if (flags.format == "json") {
    std::fputs(RenderLookupJson(flags.package, *answer).c_str(), stdout);
    return kExitOk;
  }
  if (answer->empty()) {
    std::printf("Nothing is known of package %s%s%s.\n", text::Printable(flags.package).c_str(),
                flags.ecosystem.empty() ? "" : " in ", flags.ecosystem.c_str());
    const auto ids = (*database)->AdvisoriesNaming(flags.package);
    if (ids && !ids->empty()) {
      std::printf("It is a name of %s.\n", text::Printable(text::Join(*ids, ", ")).c_str());
    }
    return kExitOk;
  }
  std::fputs(RenderLookup(*answer).c_str(), stdout);
  return kExitOk;
}

void AddBuild(CLI::App& db, int& exit_code) {
  CLI::App* const build = db.add_subcommand("build", "Make a database from feeds and swap it in");
  const auto flags = std::make_shared<BuildFlags>();
  build
      ->add_option("--feed", flags->feeds,
                   "KIND=PATH: an archive, a folder or a file of a feed, as in osv=all.zip; "
                   "`db feeds` lists the kinds; repeatable")
      ->required();
  build->add_option("--output,--db", flags->output,
                    "Folder of the database (default: $LANDWAITER_DB or " + DatabasePath("") + ")");
  build->add_flag("--keep-going", flags->keep_going,
                  "Leave broken records out and count them, in place of failing");
  build->callback([flags, &exit_code] { exit_code = Build(*flags); });
}

void AddFormat(CLI::App* command, const std::shared_ptr<ViewFlags>& flags) {
  command->add_option("--format", flags->format, "table or json")
      ->check(CLI::IsMember({"table", "json"}));
}

}  // namespace

void AddDbCommand(CLI::App& app, int& exit_code) {
  CLI::App* const db = app.add_subcommand("db", "Make and ask the advisory database");
  db->require_subcommand(1);
  AddBuild(*db, exit_code);
  AddDbExport(*db, exit_code);
  AddDbRegistry(*db, exit_code);
  AddDbUpdate(*db, exit_code);

  CLI::App* const status = db->add_subcommand("status", "What is in a database, and how old it is");
  const auto seen = std::make_shared<ViewFlags>();
  status->add_option("DIR,--db", seen->folder, "Folder of the database");
  status->add_flag("--verify", seen->verify, "Read the whole file and compare its digest");
  AddFormat(status, seen);
  status->callback([seen, &exit_code] { exit_code = ShowStatus(*seen); });

  CLI::App* const feeds =
      db->add_subcommand("feeds", "The kinds of feeds, and what each can and cannot say");
  const auto listed = std::make_shared<ViewFlags>();
  AddFormat(feeds, listed);
  feeds->callback([listed, &exit_code] {
    const bool json = listed->format == "json";
    std::fputs(
        (json ? RenderFeedsJson(advisories::Feeds()) : RenderFeeds(advisories::Feeds())).c_str(),
        stdout);
    exit_code = kExitOk;
  });

  CLI::App* const lookup = db->add_subcommand("lookup", "What is said of one package");
  const auto asked = std::make_shared<ViewFlags>();
  lookup->add_option("PACKAGE", asked->package, "Name as the ecosystem writes it")->required();
  lookup->add_option("--db", asked->folder, "Folder of the database");
  lookup->add_option("--ecosystem", asked->ecosystem, "Only this one: Debian:12, npm, PyPI, Go, …");
  AddFormat(lookup, asked);
  lookup->callback([asked, &exit_code] { exit_code = Lookup(*asked); });
}

}  // namespace landwaiter::cli
