// `landwaiter check IMAGE`: the cluster's verdict of an image that it knows.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/report_client.h"

namespace landwaiter::cli {
namespace {

using nlohmann::json;

/// Of a tag that has moved nobody here knows which image it means now: where they do not all fare
/// alike, none of them is an answer.
Result<int> ExitCodeOfAll(const json& first, const std::vector<std::string>& digests,
                          const ReportClient& client, const Cancellation& cancel) {
  const int code = ExitCodeOfImage(first);
  for (std::size_t i = 1; i < digests.size(); ++i) {
    auto other = client.Get("/v1/images/" + digests[i], {}, cancel);
    if (!other) return std::move(other).error();
    if (ExitCodeOfImage(*other) == code) continue;
    std::fprintf(stderr,
                 "landwaiter: they do not fare alike: name one by its digest, or have the tag "
                 "resolved by landwaiter request --wait\n");
    return kExitIncomplete;
  }
  return code;
}

Result<int> Run(const std::string& image, bool as_json, const ReportClient& client,
                const Cancellation& cancel) {
  auto digests = client.DigestsOf(image, cancel);
  if (!digests) return std::move(digests).error();
  auto answer = client.Get("/v1/images/" + digests->front(), {}, cancel);
  if (!answer) return std::move(answer).error();
  if (as_json) {
    PrintJson(*answer);
    return ExitCodeOfAll(*answer, *digests, client, cancel);
  }
  const json admission = answer->value("admission", json::object());
  std::printf("Image:           %s\n", Field(*answer, "displayName").c_str());
  std::printf("Digest:          %s\n", Field(*answer, "digest").c_str());
  std::printf("Verdict:         %s\n", Field(*answer, "verdict").c_str());
  std::printf("Vulnerabilities: %s\n", CountsOf(answer->value("vulnerabilities", json())).c_str());
  std::printf("A new pod:       %s\n\n", Field(admission, "action").c_str());
  std::vector<std::vector<std::string>> rows = {{"POLICY", "VERDICT", "ENFORCEMENT", "ANSWER"}};
  for (const json& policy : admission.value("policies", json::array())) {
    rows.push_back({Field(policy, "name"), Field(policy, "verdict"), Field(policy, "enforcement"),
                    Field(policy, "action")});
  }
  PrintTable(rows);
  return ExitCodeOfAll(*answer, *digests, client, cancel);
}

}  // namespace

void AddCheckCommand(CLI::App& parent, int& exit_code) {
  struct Flags {
    ReportFlags api;
    std::string image;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* app = parent.add_subcommand("check", "What the cluster's policies say of an image.");
  app->add_option("IMAGE", flags->image, "reference or digest of an image that the cluster knows")
      ->required();
  AddReportFlags(*app, flags->api);
  app->footer(
      "Exit codes: 0 a pod of it is let in; 1 a policy denies it; 2 bad usage; 3 not scanned yet, "
      "not decided, of a tag that has moved and whose images fare differently, or no answer.");
  app->callback([flags, &exit_code] {
    exit_code = RunReportCommand("check", flags->api,
                                 [&](const ReportClient& client, const Cancellation& cancel) {
                                   return Run(flags->image, flags->api.Json(), client, cancel);
                                 });
  });
}

}  // namespace landwaiter::cli
