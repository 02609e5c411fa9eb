// `landwaiter images`: what the cluster knows of its images.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/report_client.h"

namespace landwaiter::cli {
namespace {

struct ImagesFlags {
  ReportFlags api;
  std::string verdict;
  std::string policy;
  std::string ns;
  std::string severity;
  std::string text;
};

Result<int> Run(const ImagesFlags& flags, const ReportClient& client, const Cancellation& cancel) {
  auto items = client.List("/v1/images",
                           {{"verdict", flags.verdict},
                            {"policy", flags.policy},
                            {"namespace", flags.ns},
                            {"severity", flags.severity},
                            {"text", flags.text},
                            {"limit", "500"}},
                           cancel);
  if (!items) return std::move(items).error();
  if (flags.api.Json()) {
    PrintJson(*items);
    return kExitOk;
  }
  std::vector<std::vector<std::string>> rows = {
      {"IMAGE", "VERDICT", "VULNERABILITIES", "PODS", "NAMESPACES", "DIGEST"}};
  for (const auto& item : *items) {
    const auto used_by = item.value("usedBy", nlohmann::json());
    rows.push_back({Field(item, "displayName"), Field(item, "verdict"),
                    CountsOf(item.value("vulnerabilities", nlohmann::json())),
                    Field(used_by, "pods"), NamespacesOf(used_by), Field(item, "digest")});
  }
  PrintTable(rows);
  return kExitOk;
}

}  // namespace

void AddImagesCommand(CLI::App& parent, int& exit_code) {
  auto flags = std::make_shared<ImagesFlags>();
  CLI::App* app = parent.add_subcommand("images", "List the images that the cluster knows.");
  app->add_option("--verdict", flags->verdict, "Pass, Warn, Unknown, Fail or Pending");
  app->add_option("--policy", flags->policy, "--verdict is this policy's");
  app->add_option("--runs-in", flags->ns, "that run in this namespace");
  app->add_option("--severity", flags->severity, "with a finding of this severity or above");
  app->add_option("--text", flags->text, "whose names hold this text");
  AddReportFlags(*app, flags->api);
  app->callback([flags, &exit_code] {
    exit_code = RunReportCommand("images", flags->api,
                                 [&](const ReportClient& client, const Cancellation& cancel) {
                                   return Run(*flags, client, cancel);
                                 });
  });
}

}  // namespace landwaiter::cli
