// The hashes that packages' records have of their files, of a file's bytes as they come by.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "scanner/layer/layer_inventory.h"

namespace landwaiter::layer {

/// For one file after the other. Not thread-safe.
class FileHasher {
 public:
  FileHasher();
  ~FileHasher();
  FileHasher(const FileHasher&) = delete;
  FileHasher& operator=(const FileHasher&) = delete;

  void Update(std::string_view bytes);
  /// Of all bytes so far; the next begin anew. nullopt where OpenSSL refuses one of them, as one
  /// that is set up for FIPS 140 refuses MD5.
  std::optional<FileHashes> Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Raw bytes; "" where it is refused.
std::string Sha1Of(std::string_view text);

}  // namespace landwaiter::layer
