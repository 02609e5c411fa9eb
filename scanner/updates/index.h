// Files that say where a feed is, where its address changes with each edition: pure, no I/O. What
// they say is a stranger's word and leads nowhere but to the server, or the mirror, that gave it.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace landwaiter::updates {

enum class Index {
  kNone,     // the address is the feed's
  kName,     // a text: the name of the file beside it (Red Hat's archive_latest.txt)
  kRepomd,   // repodata/repomd.xml of an rpm repository, which names its updateinfo.xml
  kMirrors,  // a list of rpm repositories, a line each, of which the first counts
};

/// Larger than any: repomd.xml has some 5 kB.
inline constexpr std::size_t kMaxIndexBytes = 1u << 20;

struct Located {
  std::string url;
  Index index = Index::kNone;  // what is at `url`
  friend bool operator==(const Located&, const Located&) = default;
};

/// What an index that was fetched from `at.url` says is next. `mirror`: as FileChoice's.
/// Errors: InvalidArgument for what is no such index, PermissionDenied where it leads elsewhere.
Result<Located> Follow(const Located& at, std::string_view bytes, const std::string& mirror);

/// "https://mirror.example/feeds/HOST/PATH" of "https://HOST/PATH"; the same without a mirror.
/// Errors: InvalidArgument for a mirror that is no URL.
Result<std::string> Mirrored(const std::string& url, const std::string& mirror);

}  // namespace landwaiter::updates
