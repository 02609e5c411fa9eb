// An inventory in which every field says something (the last package, layer, … of each list): what
// a form of it forgets comes back changed.
#pragma once

#include "model/inventory.h"

namespace landwaiter {

inline ImageInventory AnInventory() {
  ImageInventory image;
  image.digest = Sha256::Of("index");
  image.media_type = "application/vnd.oci.image.manifest.v1+json";
  image.readers = "00112233445566ff";
  Inventory& i = image.platforms.emplace_back();
  i.platform = {"linux", "arm64", "v8"};
  i.manifest_digest = Sha256::Of("manifest");
  i.image_id = Sha256::Of("config");
  i.size_bytes = 12345;
  i.os = OperatingSystem{"debian", "12", "bookworm", "Debian GNU/Linux 12 (bookworm)", "testing"};
  i.config.user = "nobody";
  i.config.uid = 65534;
  i.config.exposed_ports = {"8080/tcp"};
  i.config.env = {"PATH=/bin"};
  i.config.entrypoint = {"/bin/sh", "-c"};
  i.config.cmd = {"true"};
  i.config.volumes = {"/data"};
  i.config.working_dir = "/srv";
  i.config.labels = {{"a", "b"}};
  i.config.healthcheck = true;
  i.config.created = "2026-01-02T03:04:05Z";
  i.config.history = {{"RUN x", "", false}, {"ENV a=b", "buildkit", true}};
  i.layers = {{Sha256::Of("blob"),
               Sha256::Of("tar"),
               "application/vnd.oci.image.layer.v1.tar+gzip",
               10,
               "RUN x",
               {"rhel-9-for-x86_64-baseos-rpms"}}};
  Package p;
  p.type = "deb";
  p.name = "openssl";
  p.version = "3.0.11-1";
  p.source_name = "openssl";
  p.path = "var/lib/dpkg/status";
  p.module = "nodejs:12";
  p.vendor = "Debian";
  p.layer = 0;
  i.packages = {p};
  i.repositories = {"rhel-9-for-x86_64-baseos-rpms"};
  p.type = "npm";
  p.path = "package-lock.json";
  p.architecture = "arm64";
  p.source_version = "3.0.11-1";
  p.purl = "pkg:npm/openssl@3.0.11-1";
  p.within = "a.jar!/b.jar";
  p.found_by = "npm";
  p.licenses = {"MIT", ""};
  p.owner = "node-openssl";
  p.cpe = "cpe:2.3:a:openssl:openssl:3.0.11:*:*:*:*:*:*:*";
  p.dev = true;
  p.source_assumed = true;
  i.hints = {p};
  i.coverage = {{"dpkg", CoverageState::kRead, "", 1},
                {"npm", CoverageState::kFailed, "app/package.json: no valid JSON", 3}};
  i.declared_base = DeclaredBase{"docker.io/library/debian:12", "sha256:as written"};
  image.collected.files = {{"etc/**", false, true, {"^root:"}}, {"usr/**", true}};
  image.collected.passwd = true;
  image.collected.secrets = 1;
  image.collected.malware = true;
  image.collected.integrity = true;
  image.malware_database = "ClamAV 1.0.7/27500/Fri Jan  3 09:00:00 2025";
  i.files = {{.path = "etc/shadow",
              .leads_to = "usr/etc/shadow",
              .kind = CollectedKind::kOther,
              .mode = 04755,
              .uid = 1,
              .gid = 42,
              .size = 7,
              .layer = 0,
              .capabilities = true,
              .sha256 = std::string(64, 'a'),
              .matches = {{0, 3}, {1, 1}},
              .unread = "has more than 4 MiB"}};
  i.passwd = PasswdFile{{{"root", 0, 0, "/bin/bash"}, {"www", 33, 34, "/bin/sh"}}, {3}};
  i.secrets = {{"aws-access-key-id", "etc/aws", 3, 0, true, SecretConfidence::kLow, "AKIA…", "f00"},
               {"npm-token", "root/.npmrc", 1, 0, false, SecretConfidence::kHigh, "npm_…", "ba5"}};
  i.malware = {{"Eicar-Test-Signature", "srv/eicar", 0, true},
               {"Unix.Miner.Test-1", "srv/miner", 0, false}};
  i.integrity = {{"usr/bin/ls", "coreutils", IntegrityFault::kChanged, false, 0},
                 {"var/issue", "base-files", IntegrityFault::kMissing, true, 0}};
  return image;
}

}  // namespace landwaiter
