#include "model/collected_json.h"

#include <nlohmann/json.hpp>

#include "lib/base/json.h"
#include "model/inventory_bounds.h"
#include "model/names.h"

namespace landwaiter {
namespace {

constexpr NameTable<CollectedKind, 3> kKinds{{{CollectedKind::kFile, "File"},
                                              {CollectedKind::kSymlink, "Symlink"},
                                              {CollectedKind::kOther, "Other"}}};
constexpr NameTable<SecretConfidence, 3> kConfidences{{{SecretConfidence::kLow, "Low"},
                                                       {SecretConfidence::kMedium, "Medium"},
                                                       {SecretConfidence::kHigh, "High"}}};
constexpr NameTable<IntegrityFault, 2> kFaults{
    {{IntegrityFault::kChanged, "Changed"}, {IntegrityFault::kMissing, "Missing"}}};

void Set(nlohmann::json& json, const char* name, const std::string& value) {
  if (!value.empty()) json[name] = value;
}

nlohmann::json ToJson(const CollectedFile& f) {
  nlohmann::json json{{"path", f.path},  {"kind", NameOf(kKinds, f.kind)},
                      {"mode", f.mode},  {"uid", f.uid},
                      {"gid", f.gid},    {"sizeBytes", f.size},
                      {"layer", f.layer}};
  Set(json, "leadsTo", f.leads_to);
  Set(json, "sha256", f.sha256);
  Set(json, "unread", f.unread);
  if (f.capabilities) json["capabilities"] = true;
  for (const LineMatch& match : f.matches) {
    json["matches"].push_back({{"expression", match.expression}, {"line", match.line}});
  }
  return json;
}

nlohmann::json ToJson(const PasswdFile& file) {
  nlohmann::json json{{"entries", nlohmann::json::array()}};
  for (const PasswdEntry& entry : file.entries) {
    json["entries"].push_back(
        {{"name", entry.name}, {"uid", entry.uid}, {"gid", entry.gid}, {"shell", entry.shell}});
  }
  if (!file.malformed.empty()) json["malformed"] = file.malformed;
  return json;
}

nlohmann::json ToJson(const SecretFound& s) {
  return {{"rule", s.rule},         {"path", s.path},
          {"line", s.line},         {"layer", s.layer},
          {"final", s.final},       {"confidence", NameOf(kConfidences, s.confidence)},
          {"redacted", s.redacted}, {"hash", s.hash}};
}

nlohmann::json ToJson(const MalwareFound& m) {
  return {{"signature", m.signature}, {"path", m.path}, {"layer", m.layer}, {"final", m.final}};
}

nlohmann::json ToJson(const IntegrityFound& f) {
  nlohmann::json json{{"path", f.path},
                      {"package", f.package},
                      {"fault", NameOf(kFaults, f.fault)},
                      {"layer", f.layer}};
  if (f.config) json["config"] = true;
  return json;
}

void ReadLayerOf(JsonFields& fields, int& out, std::size_t layers) {
  std::int64_t layer = -1;
  fields.Int("layer", layer);
  if (layer < -1 || layer >= static_cast<std::int64_t>(layers)) {
    fields.Fail("layer", "names no layer of the image");
  }
  out = static_cast<int>(layer);
}

template <class Value, std::size_t kSize>
void ReadChoice(JsonFields& fields, const char* name, const NameTable<Value, kSize>& names,
                Value& out) {
  std::string text;
  fields.String(name, text, bounds::kWord);
  const auto parsed = ValueOf(names, text);
  if (!parsed) return fields.Fail(name, "is none of the known ones");
  out = *parsed;
}

Status ReadFile(JsonFields& fields, CollectedFile& f, std::size_t layers) {
  fields.String("path", f.path, bounds::kText);
  fields.String("leadsTo", f.leads_to, bounds::kText);
  ReadChoice(fields, "kind", kKinds, f.kind);
  fields.Uint("mode", f.mode);
  fields.Uint("uid", f.uid);
  fields.Uint("gid", f.gid);
  fields.Uint("sizeBytes", f.size);
  ReadLayerOf(fields, f.layer, layers);
  fields.Bool("capabilities", f.capabilities);
  fields.String("sha256", f.sha256, bounds::kWord);
  fields.String("unread", f.unread, bounds::kText);
  fields.Objects("matches", kMaxFileWishes, [&](JsonFields& match) {
    LineMatch& out = f.matches.emplace_back();
    match.Uint("expression", out.expression);
    match.Uint("line", out.line);
    return match.Done();
  });
  if (f.path.empty()) fields.Fail("path", "is missing");
  return fields.Done();
}

Status ReadPasswd(JsonFields& fields, PasswdFile& file) {
  fields.Objects("entries", kMaxPasswdEntries, [&](JsonFields& entry) {
    PasswdEntry& out = file.entries.emplace_back();
    entry.String("name", out.name, bounds::kName);
    entry.Uint("uid", out.uid);
    entry.Uint("gid", out.gid);
    entry.String("shell", out.shell, bounds::kName);
    return entry.Done();
  });
  fields.Uints("malformed", file.malformed, kMaxMalformedLines);
  return fields.Done();
}

Status ReadSecret(JsonFields& fields, SecretFound& s, std::size_t layers) {
  fields.String("rule", s.rule, bounds::kWord);
  fields.String("path", s.path, bounds::kText);
  fields.Uint("line", s.line);
  ReadLayerOf(fields, s.layer, layers);
  fields.Bool("final", s.final);
  ReadChoice(fields, "confidence", kConfidences, s.confidence);
  fields.String("redacted", s.redacted, bounds::kWord);
  fields.String("hash", s.hash, bounds::kWord);
  if (s.rule.empty()) fields.Fail("rule", "is missing");
  if (s.path.empty()) fields.Fail("path", "is missing");
  return fields.Done();
}

Status ReadMalware(JsonFields& fields, MalwareFound& m, std::size_t layers) {
  fields.String("signature", m.signature, bounds::kName);
  fields.String("path", m.path, bounds::kText);
  ReadLayerOf(fields, m.layer, layers);
  fields.Bool("final", m.final);
  if (m.signature.empty()) fields.Fail("signature", "is missing");
  if (m.path.empty()) fields.Fail("path", "is missing");
  return fields.Done();
}

Status ReadIntegrity(JsonFields& fields, IntegrityFound& f, std::size_t layers) {
  fields.String("path", f.path, bounds::kText);
  fields.String("package", f.package, bounds::kName);
  ReadChoice(fields, "fault", kFaults, f.fault);
  fields.Bool("config", f.config);
  ReadLayerOf(fields, f.layer, layers);
  if (f.path.empty()) fields.Fail("path", "is missing");
  if (f.package.empty()) fields.Fail("package", "is missing");
  return fields.Done();
}

}  // namespace

void AddCollected(const Inventory& i, nlohmann::json& json) {
  for (const CollectedFile& file : i.files) json["files"].push_back(ToJson(file));
  if (i.passwd) json["passwd"] = ToJson(*i.passwd);
  for (const SecretFound& secret : i.secrets) json["secrets"].push_back(ToJson(secret));
  for (const MalwareFound& found : i.malware) json["malware"].push_back(ToJson(found));
  for (const IntegrityFound& found : i.integrity) json["integrity"].push_back(ToJson(found));
}

void ReadCollected(JsonFields& fields, Inventory& i) {
  fields.Objects("files", kMaxCollectedFiles, [&](JsonFields& file) {
    return ReadFile(file, i.files.emplace_back(), i.layers.size());
  });
  fields.Object("passwd",
                [&](JsonFields& passwd) { return ReadPasswd(passwd, i.passwd.emplace()); });
  fields.Objects("secrets", kMaxSecrets, [&](JsonFields& secret) {
    return ReadSecret(secret, i.secrets.emplace_back(), i.layers.size());
  });
  fields.Objects("malware", kMaxMalware, [&](JsonFields& found) {
    return ReadMalware(found, i.malware.emplace_back(), i.layers.size());
  });
  fields.Objects("integrity", kMaxIntegrity, [&](JsonFields& found) {
    return ReadIntegrity(found, i.integrity.emplace_back(), i.layers.size());
  });
}

}  // namespace landwaiter
