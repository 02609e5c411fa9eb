// `landwaiter report IMAGE`: the cluster's report about an image.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/report_client.h"

namespace landwaiter::cli {
namespace {

using nlohmann::json;

struct ReportCommandFlags {
  ReportFlags api;
  std::string image;
  std::string severity;
  std::string package;
  bool fixable = false;
  bool packages = false;
};

Result<int> PrintPackages(const std::string& digest, const ReportCommandFlags& flags,
                          const ReportClient& client, const Cancellation& cancel) {
  auto sbom = client.Get("/v1/images/" + digest + "/sbom", {}, cancel);
  if (!sbom) return std::move(sbom).error();
  if (flags.api.Json()) {
    PrintJson(*sbom);
    return kExitOk;
  }
  std::vector<std::vector<std::string>> rows = {{"TYPE", "PACKAGE", "VERSION", "PATH"}};
  for (const json& platform : sbom->value("platforms", json::array())) {
    for (const json& package : platform.value("packages", json::array())) {
      rows.push_back({Field(package, "type"), Field(package, "name"), Field(package, "version"),
                      Field(package, "path")});
    }
  }
  PrintTable(rows);
  return kExitOk;
}

Result<int> Run(const ReportCommandFlags& flags, const ReportClient& client,
                const Cancellation& cancel) {
  auto digest = client.DigestOf(flags.image, cancel);
  if (!digest) return std::move(digest).error();
  if (flags.packages) return PrintPackages(*digest, flags, client, cancel);
  const bool narrowed = !flags.severity.empty() || !flags.package.empty() || flags.fixable;
  if (flags.api.Json() && !narrowed) {
    auto report = client.Get("/v1/reports/" + *digest, {}, cancel);
    if (!report) return std::move(report).error();
    PrintJson(*report);
    return kExitOk;
  }
  auto findings = client.List("/v1/images/" + *digest + "/findings",
                              {{"severity", flags.severity},
                               {"package", flags.package},
                               {"fixable", flags.fixable ? "true" : ""},
                               {"limit", "500"}},
                              cancel);
  if (!findings) return std::move(findings).error();
  if (flags.api.Json()) {
    PrintJson(*findings);
    return kExitOk;
  }
  auto image = client.Get("/v1/images/" + *digest, {}, cancel);
  if (!image) return std::move(image).error();
  std::printf("Image:           %s\n", Field(*image, "displayName").c_str());
  std::printf("Digest:          %s\n", Field(*image, "digest").c_str());
  std::printf("Verdict:         %s\n", Field(*image, "verdict").c_str());
  std::printf("Vulnerabilities: %s\n", CountsOf(image->value("vulnerabilities", json())).c_str());
  std::printf("Runs in:         %s\n\n", NamespacesOf(image->value("usedBy", json())).c_str());
  std::vector<std::vector<std::string>> rows = {
      {"SEVERITY", "ID", "PACKAGE", "INSTALLED", "FIXED", "PATH"}};
  for (const json& finding : *findings) {
    rows.push_back({Field(finding, "severity"), Field(finding, "id"), Field(finding, "package"),
                    Field(finding, "installedVersion"), Field(finding, "fixedVersion"),
                    Field(finding, "path")});
  }
  PrintTable(rows);
  return kExitOk;
}

}  // namespace

void AddReportCommand(CLI::App& parent, int& exit_code) {
  auto flags = std::make_shared<ReportCommandFlags>();
  CLI::App* app = parent.add_subcommand("report", "The cluster's report about an image.");
  app->add_option("IMAGE", flags->image, "digest or reference of an image that the cluster knows")
      ->required();
  app->add_option("--severity", flags->severity, "findings of this severity and above");
  app->add_option("--package", flags->package, "findings in this package or source package");
  app->add_flag("--fixable", flags->fixable, "findings with a fix");
  app->add_flag("--packages", flags->packages, "the packages in place of the findings");
  AddReportFlags(*app, flags->api);
  app->callback([flags, &exit_code] {
    exit_code = RunReportCommand("report", flags->api,
                                 [&](const ReportClient& client, const Cancellation& cancel) {
                                   return Run(*flags, client, cancel);
                                 });
  });
}

}  // namespace landwaiter::cli
