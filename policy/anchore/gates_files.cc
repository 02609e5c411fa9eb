// Gates about files: files, passwd_file, retrieved_files, secret_scans, malware, packages.verify.
#include <nlohmann/json.hpp>

#include "lib/base/text.h"
#include "policy/anchore/path_pattern.h"
#include "policy/anchore/translators.h"
#include "policy/facts.h"

namespace landwaiter::policy::anchore {
namespace {

using nlohmann::json;

/// One glob, or a note that it is none.
bool PathOf(const std::string& regex, Translation& out, std::string& glob) {
  if (RegexAsGlob(regex, glob)) return true;
  Lose(out, "the expression '" + Shown(regex) + "' is no pattern over paths that a glob can say");
  return false;
}

}  // namespace

void ContentNames(const Params&, Translation& out) {
  Lose(out,
       "the named expressions stand in the analyzer's configuration, not in the bundle: write "
       "them as files: {content: {regex: …}}");
}

void FileName(const Params& params, Translation& out) {
  std::string glob;
  if (!PathOf(params.Text("regex"), out, glob)) return;
  out.Add("files", {{"paths", json::array({glob})}, {"mustNotExist", true}});
}

void FileAttributes(const Params& params, Translation& out) {
  const std::string& file = params.Text("filename");
  std::string path = file;
  while (path.starts_with('/')) path.erase(0, 1);
  if (path.empty()) return Lose(out, "filename is empty");
  json body = {{"paths", json::array({path})}};
  if (params.Is("checksum_match", "not_equals") && !params.Text("checksum").empty()) {
    body["sha256"] = params.Text("checksum");
  } else if (!params.Text("checksum").empty()) {
    return Lose(out, "a file whose SHA-256 must not be '" + Shown(params.Text("checksum")) +
                         "' has no counterpart");
  }
  if (!params.Text("mode").empty()) {
    if (!params.Is("mode_op", "not_equals")) {
      return Lose(out, "a mode that a file must not have has no counterpart");
    }
    std::string mode = params.Text("mode");
    while (mode.size() > 4 && mode.front() == '0') mode.erase(0, 1);
    body["mode"] = mode;
  }
  if (body.size() == 1) return Lose(out, "neither a checksum nor a mode is asked for");
  body["ifMissing"] = params.Is("skip_missing", "false") ? "Fire" : "Skip";
  out.Add("files", std::move(body));
}

void SetIds(const Params&, Translation& out) {
  out.Add("files", {{"setuid", true}});
  out.Add("files", {{"setgid", true}});
}

void NoPasswd(const Params&, Translation& out) {
  out.Add("files", {{"paths", json::array({"etc/passwd"})}, {"mustExist", true}});
}

void DeniedUsers(const Params& params, Translation& out) {
  out.Add("passwd", {{"deniedUsers", params.List("user_names")}});
}

void DeniedUids(const Params& params, Translation& out) {
  out.Add("passwd", {{"deniedUids", Numbers(params.List("user_ids"))}});
}

void DeniedGids(const Params& params, Translation& out) {
  out.Add("passwd", {{"deniedGids", Numbers(params.List("group_ids"))}});
}

void DeniedShells(const Params& params, Translation& out) {
  out.Add("passwd", {{"deniedShells", params.List("shells")}});
}

void FullEntry(const Params&, Translation& out) {
  Lose(out, "a whole line of /etc/passwd has no counterpart: name its user, uid, gid or shell");
}

void Verify(const Params& params, Translation& out) {
  json body = {{"exceptConfig", true}};
  if (const auto names = params.List("only_packages"); !names.empty()) body["packages"] = names;
  json paths = json::array();
  for (std::string folder : params.List("only_directories")) {
    while (folder.starts_with('/')) folder.erase(0, 1);
    while (folder.ends_with('/')) folder.pop_back();
    paths.push_back(folder + "/**");
  }
  if (!paths.empty()) body["paths"] = paths;
  if (params.Is("check", "changed")) body["check"] = json::array({"Changed"});
  if (params.Is("check", "missing")) body["check"] = json::array({"Missing"});
  if (!body.contains("check")) body["check"] = json::array({"Changed", "Missing"});
  out.Add("integrity", std::move(body));
}

void Malware(const Params&, Translation& out) { out.Add("malware", json::object()); }

void MalwareLooked(const Params&, Translation& out) {
  out.Add("coverage", {{"require", json::array({"Malware"})}});
}

void Retrieved(const Params& params, Translation& out) {
  std::string path = params.Text("path");
  while (path.starts_with('/')) path.erase(0, 1);
  json body = {{"paths", json::array({path})}};
  if (params.Text("regex").empty()) {
    body["mustExist"] = true;
  } else {
    const bool absent = params.Is("check", "no_match");
    body["content"] = {{"regex", params.Text("regex")}, {"op", absent ? "NoMatch" : "Match"}};
    body["ifMissing"] = absent ? "Fire" : "Skip";
  }
  out.Add("files", std::move(body));
}

void Secrets(const Params& params, Translation& out) {
  json body = json::object();
  if (!params.Text("content_regex_name").empty()) {
    Note(out, "every kind of secret is looked for, not '" +
                  Shown(params.Text("content_regex_name")) + "' alone");
  }
  std::string glob;
  if (!params.Text("filename_regex").empty() && params.Text("filename_regex") != ".*" &&
      PathOf(params.Text("filename_regex"), out, glob)) {
    body["paths"] = json::array({glob});
  }
  if (params.Is("match_type", "notfound"))
    return Lose(out, "a secret that must be there has no counterpart");
  out.Add("secrets", std::move(body));
}

}  // namespace landwaiter::policy::anchore
