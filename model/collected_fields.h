// The fields of what policies have collected, in an encoded inventory: one list for writing and for
// reading. Inside model/inventory_codec.cc only.
#pragma once

#include <cstddef>

#include "model/inventory.h"
#include "model/inventory_bounds.h"

namespace landwaiter {

template <class Codec, class T>
void FileFields(Codec& c, T& file, std::size_t layers) {
  auto& [path, leads_to, kind, mode, uid, gid, size, layer, capabilities, sha256, matches, unread] =
      file;
  c.Required("files.path", path, bounds::kText);
  c.String("leadsTo", leads_to, bounds::kText);
  c.Choice("files.kind", kind, CollectedKind::kOther);
  c.Uint("mode", mode);
  c.Uint("uid", uid);
  c.Uint("gid", gid);
  c.Uint("files.size", size);
  c.Layer(layer, layers);
  c.Bool("capabilities", capabilities);
  c.String("sha256", sha256, bounds::kWord);
  c.Objects("matches", matches, kMaxFileWishes, [&](auto& match) {
    auto& [expression, line] = match;
    c.Uint("expression", expression);
    c.Uint("matches.line", line);
  });
  c.String("unread", unread, bounds::kText);
}

template <class Codec, class T>
void PasswdFields(Codec& c, T& passwd) {
  auto& [entries, malformed] = passwd;
  c.Objects("passwd", entries, kMaxPasswdEntries, [&](auto& entry) {
    auto& [name, uid, gid, shell] = entry;
    c.String("passwd.name", name, bounds::kName);
    c.Uint("passwd.uid", uid);
    c.Uint("passwd.gid", gid);
    c.String("shell", shell, bounds::kName);
  });
  c.Numbers("malformed", malformed, kMaxMalformedLines);
}

template <class Codec, class T>
void SecretFields(Codec& c, T& secret, std::size_t layers) {
  auto& [rule, path, line, layer, final, confidence, redacted, hash] = secret;
  c.Required("secrets.rule", rule, bounds::kWord);
  c.Required("secrets.path", path, bounds::kText);
  c.Uint("secrets.line", line);
  c.Layer(layer, layers);
  c.Bool("final", final);
  c.Choice("confidence", confidence, SecretConfidence::kHigh);
  c.String("redacted", redacted, bounds::kWord);
  c.String("hash", hash, bounds::kWord);
}

template <class Codec, class T>
void MalwareFields(Codec& c, T& found, std::size_t layers) {
  auto& [signature, path, layer, final] = found;
  c.Required("malware.signature", signature, bounds::kName);
  c.Required("malware.path", path, bounds::kText);
  c.Layer(layer, layers);
  c.Bool("malware.final", final);
}

template <class Codec, class T>
void IntegrityFields(Codec& c, T& found, std::size_t layers) {
  auto& [path, package, fault, config, layer] = found;
  c.Required("integrity.path", path, bounds::kText);
  c.Required("integrity.package", package, bounds::kName);
  c.Choice("fault", fault, IntegrityFault::kMissing);
  c.Bool("config", config);
  c.Layer(layer, layers);
}

template <class Codec, class T>
void CollectedFields(Codec& c, T& files, auto& passwd, auto& secrets, std::size_t layers) {
  c.Objects("files", files, kMaxCollectedFiles, [&](auto& file) { FileFields(c, file, layers); });
  c.Optional("passwd", passwd, [&](auto& file) { PasswdFields(c, file); });
  c.Objects("secrets", secrets, kMaxSecrets,
            [&](auto& secret) { SecretFields(c, secret, layers); });
}

}  // namespace landwaiter
