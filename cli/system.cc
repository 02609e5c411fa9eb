// `landwaiter system`: what runs in the cluster, and how old its advisories are.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/report_client.h"

namespace landwaiter::cli {
namespace {

using nlohmann::json;

std::string AgeOf(const json& object) {
  const auto found = object.is_object() ? object.find("ageSeconds") : object.end();
  if (!object.is_object() || found == object.end() || !found->is_number_integer()) return "-";
  const auto hours = found->get<std::int64_t>() / 3600;
  return hours < 48 ? std::to_string(hours) + "h" : std::to_string(hours / 24) + "d";
}

std::string QueueLine(const json& queue) {
  if (!queue.is_object()) return "known to the leader alone";
  std::string line;
  const json waiting = queue.value("waiting", json::object());
  for (const auto& [name, count] : waiting.items()) line += count.dump() + " " + name + ", ";
  return line + Field(queue, "running") + " running";
}

Result<int> Run(bool as_json, const ReportClient& client, const Cancellation& cancel) {
  auto system = client.Get("/v1/system", {}, cancel);
  if (!system) return std::move(system).error();
  auto feeds = client.Get("/v1/feeds", {}, cancel);
  if (!feeds) return std::move(feeds).error();
  if (as_json) {
    PrintJson({{"system", *system}, {"feeds", *feeds}});
    return kExitOk;
  }
  const json store = system->value("store", json::object());
  const json database = feeds->value("database", json());
  std::printf("Version:   %s\n", Field(*system, "version").c_str());
  std::printf("Leader:    %s\n", Field(*system, "leader").c_str());
  std::printf("Answers:   %s\n", Field(*system, "replica").c_str());
  std::printf("Store:     %s\n", Field(store, "kind").c_str());
  std::printf("Queue:     %s\n", QueueLine(system->value("queue", json())).c_str());
  for (const json& scanner : system->value("scanners", json::array())) {
    std::printf("Scanner:   %s\n", Field(json{{"url", scanner}}, "url").c_str());
  }
  std::printf("Images:    %s, in %s pods, judged by %s policies\n",
              Field(*system, "images").c_str(), Field(*system, "pods").c_str(),
              Field(*system, "policies").c_str());
  std::printf("Database:  %s, built %s (%s ago)\n", Field(database, "id").c_str(),
              Field(database, "builtAt").c_str(), AgeOf(database).c_str());
  if (Field(*feeds, "problem") != "-") {
    std::printf("Problem:   %s\n", Field(*feeds, "problem").c_str());
  }
  std::printf("\n");
  std::vector<std::vector<std::string>> rows = {{"FEED", "NEWEST RECORD", "AGE"}};
  for (const json& feed : feeds->value("items", json::array())) {
    rows.push_back({Field(feed, "name"), Field(feed, "newest"), AgeOf(feed)});
  }
  PrintTable(rows);
  return kExitOk;
}

}  // namespace

void AddSystemCommand(CLI::App& parent, int& exit_code) {
  auto flags = std::make_shared<ReportFlags>();
  CLI::App* app =
      parent.add_subcommand("system", "What runs in the cluster, and how old its advisories are.");
  AddReportFlags(*app, *flags);
  app->callback([flags, &exit_code] {
    exit_code = RunReportCommand("system", *flags,
                                 [&](const ReportClient& client, const Cancellation& cancel) {
                                   return Run(flags->Json(), client, cancel);
                                 });
  });
}

}  // namespace landwaiter::cli
