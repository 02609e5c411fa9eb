// The comparison for programs: docs/outputs.md names the fields. Keys in the order of their bytes.
#include <nlohmann/json.hpp>
#include <ostream>

#include "report/diff_format.h"
#include "report/json_writer.h"

namespace landwaiter::report {
namespace {

constexpr int kDiffSchemaVersion = 1;

void WriteSide(JsonWriter& out, const char* name, const Side& side) {
  out.Key(name);
  out.BeginObject();
  out.Value("complete", side.complete);
  out.String("database", side.database);
  out.String("digest", side.digest);
  out.String("image", side.image);
  out.EndObject();
}

void WriteFindings(JsonWriter& out, const char* name, const std::vector<DiffFinding>& findings) {
  out.Key(name);
  out.BeginArray();
  for (const DiffFinding& one : findings) {
    const Finding& f = *one.finding;
    out.BeginObject();
    out.String("fixedVersion", f.fixed_version);
    out.String("id", f.id);
    out.String("installedVersion", f.installed_version);
    out.Optional("knownExploited", f.known_exploited);
    out.String("package", f.package);
    out.String("packageType", f.package_type);
    out.String("path", f.path);
    out.String("platform", one.platform);
    out.String("severity", SeverityName(f.severity));
    out.String("url", f.url);
    out.EndObject();
  }
  out.EndArray();
}

void WritePackages(JsonWriter& out, const char* name, const std::vector<DiffPackage>& packages) {
  out.Key(name);
  out.BeginArray();
  for (const DiffPackage& package : packages) {
    out.BeginObject();
    out.String("after", package.after);
    out.String("before", package.before);
    out.String("name", package.name);
    out.String("path", package.path);
    out.String("platform", package.platform);
    out.String("type", package.type);
    out.EndObject();
  }
  out.EndArray();
}

void WriteDiff(const ScanDiff& diff, std::ostream& sink) {
  JsonWriter out(sink);
  out.BeginObject();
  WriteSide(out, "after", diff.after);
  WriteSide(out, "before", diff.before);
  out.Value("complete", diff.Complete());
  out.Key("findings");
  out.BeginObject();
  WriteFindings(out, "brought", diff.brought);
  WriteFindings(out, "fixed", diff.fixed);
  WriteFindings(out, "stayed", diff.stayed);
  out.EndObject();
  out.Key("packages");
  out.BeginObject();
  WritePackages(out, "added", diff.added);
  WritePackages(out, "changed", diff.changed);
  WritePackages(out, "removed", diff.removed);
  out.EndObject();
  out.Value("schemaVersion", kDiffSchemaVersion);
  out.EndObject();
  out.Finish();
}

}  // namespace

DiffFormat DiffJsonFormat() { return {"json", "for programs", WriteDiff}; }

}  // namespace landwaiter::report
