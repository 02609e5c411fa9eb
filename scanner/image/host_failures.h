// What several hosts said, made one error. Included by this room's sources only.
#pragma once

#include <string>

#include "lib/base/result.h"

namespace landwaiter::image {

/// The one that got furthest counts, of equals the first, as containerd chooses
/// (core/remotes/docker/ resolver.go): a refusal before "not found" before no answer. Its message
/// names every host.
class HostFailures {
 public:
  /// `answered`: it was the host's own word.
  void Add(const std::string& host, const Error& error, bool answered);
  /// After at least one Add.
  Error Best() const;

 private:
  Error best_;
  int rank_ = 0;
  std::string all_;
};

}  // namespace landwaiter::image
