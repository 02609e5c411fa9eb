// `landwaiter query vulnerability ID` and `landwaiter query package TYPE NAME`: which images hold
// it, and who runs them.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/report_client.h"

namespace landwaiter::cli {
namespace {

using nlohmann::json;

struct QueryFlags {
  ReportFlags api;
  std::string id;
  std::string type;
  std::string name;
  std::string version;
};

/// `hits`: the field of an item that says what was found in it; `versions`: of one of these.
Result<int> Print(Result<json> items, const QueryFlags& flags, const char* hits,
                  const std::function<std::string(const json&)>& describe) {
  if (!items) return std::move(items).error();
  if (flags.api.Json()) {
    PrintJson(*items);
    return kExitOk;
  }
  std::vector<std::vector<std::string>> rows = {
      {"IMAGE", "VERDICT", "PODS", "NAMESPACES", "DIGEST", "FOUND"}};
  for (const json& item : *items) {
    const json used_by = item.value("usedBy", json());
    std::string found;
    for (const json& hit : item.value(hits, json::array())) {
      found += (found.empty() ? "" : ", ") + describe(hit);
    }
    rows.push_back({Field(item, "displayName"), Field(item, "verdict"), Field(used_by, "pods"),
                    NamespacesOf(used_by), Field(item, "digest"), found});
  }
  PrintTable(rows);
  return kExitOk;
}

Result<int> Vulnerability(const QueryFlags& flags, const ReportClient& client,
                          const Cancellation& cancel) {
  return Print(
      client.List("/v1/query/vulnerabilities", {{"id", flags.id}, {"limit", "500"}}, cancel), flags,
      "findings",
      [](const json& hit) { return Field(hit, "package") + " " + Field(hit, "installedVersion"); });
}

Result<int> Package(const QueryFlags& flags, const ReportClient& client,
                    const Cancellation& cancel) {
  return Print(client.List("/v1/query/packages",
                           {{"type", flags.type},
                            {"name", flags.name},
                            {"version", flags.version},
                            {"limit", "500"}},
                           cancel),
               flags, "packages", [](const json& hit) { return Field(hit, "version"); });
}

using Ask = Result<int> (*)(const QueryFlags&, const ReportClient&, const Cancellation&);

void Finish(CLI::App& app, const std::shared_ptr<QueryFlags>& flags, int& exit_code, Ask ask) {
  AddReportFlags(app, flags->api);
  app.callback([flags, &exit_code, ask] {
    exit_code = RunReportCommand("query", flags->api,
                                 [&](const ReportClient& client, const Cancellation& cancel) {
                                   return ask(*flags, client, cancel);
                                 });
  });
}

}  // namespace

void AddQueryCommand(CLI::App& parent, int& exit_code) {
  CLI::App* app = parent.add_subcommand("query", "Which images of the cluster hold something.");
  app->require_subcommand(1);

  auto of_id = std::make_shared<QueryFlags>();
  CLI::App* vulnerability = app->add_subcommand("vulnerability", "Images with a vulnerability.");
  vulnerability->add_option("ID", of_id->id, "CVE, GHSA, DSA, …; aliases count")->required();
  Finish(*vulnerability, of_id, exit_code, Vulnerability);

  auto of_name = std::make_shared<QueryFlags>();
  CLI::App* package = app->add_subcommand("package", "Images with a package.");
  package->add_option("TYPE", of_name->type, "deb, apk, rpm, npm, pypi, maven, golang, …")
      ->required();
  package->add_option("NAME", of_name->name, "the whole name, as its ecosystem writes it")
      ->required();
  package->add_option("VERSION", of_name->version, "this version alone");
  Finish(*package, of_name, exit_code, Package);
}

}  // namespace landwaiter::cli
