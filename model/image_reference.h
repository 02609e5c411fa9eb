// Image references as the distribution project's grammar writes them (reference.go), normalised as
// containerd does: "nginx" is docker.io/library/nginx, tag latest.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/base/digest.h"
#include "lib/base/result.h"

namespace landwaiter {

struct ImageReference {
  std::string registry;    // host[:port], lower case; "docker.io" where none was written
  std::string repository;  // path without the registry: "library/nginx"
  std::string tag;  // "latest" where neither tag nor digest was written; may be empty with a digest
  std::optional<Digest> digest;
  bool tag_defaulted = false;  // "latest" was filled in; not part of what two references compare

  /// Errors: InvalidArgument, naming the reference and what is wrong with it. At most 512 bytes.
  static Result<ImageReference> Parse(std::string_view text);

  /// "registry/repository", the part that credentials are matched against.
  std::string Name() const { return registry + "/" + repository; }
  /// The canonical form, tag and digest as far as they are there.
  std::string ToString() const;
  /// "registry/repository@digest".
  std::string WithDigest(const Digest& other) const;
  /// host[:port] to connect to: docker.io is served by registry-1.docker.io.
  std::string RegistryHost() const;

  friend bool operator==(const ImageReference& a, const ImageReference& b) {
    return a.registry == b.registry && a.repository == b.repository && a.tag == b.tag &&
           a.digest == b.digest;
  }
};

}  // namespace landwaiter
