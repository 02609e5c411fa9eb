// Patterns over image references, as `match.images`, exceptions and reference rules write them.
//
// A pattern is NAME, NAME:TAG or NAME@DIGEST, in globs: '*' within a part, '**' across parts, '?'
// one character. NAME is compared
//   - with host/path, where its first part is a host as Docker tells one (it has a '.' or ':', or
//     is "localhost") or is '*' or '**': "registry.example.com/shop/**", "**/cart";
//   - else with the path on whatever host: "shop/**" is registry.example.com/shop/cart too. Docker
//     Hub's "library/" may be left out: "nginx" is docker.io/library/nginx.
// A pattern without TAG and DIGEST takes any. A reference with a digest is pulled by that alone and
// whatever its tag says is the author's word: ":*" takes it, any other TAG leaves the question
// open, and the caller says which way an open question goes.
#pragma once

#include <string_view>

#include "lib/base/result.h"
#include "model/image_reference.h"

namespace landwaiter::policy {

/// How an open question (a tag against a digest, a digest against a tag) is answered.
enum class WhenOpen { kMatches, kDiffers };

bool ImagePatternMatches(std::string_view pattern, const ImageReference& reference,
                         WhenOpen when_open);
/// Names of one registry are one name: the default port says nothing, Docker Hub answers under
/// several. Else "host:443/x" would pass a policy for "host/**".
std::string_view CanonicalHost(std::string_view host);
/// The same over registry and repository alone.
bool RepositoryPatternMatches(std::string_view pattern, const ImageReference& reference);

/// Errors: InvalidArgument for what could never match, saying what to write instead: a host alone,
/// upper case, regular expressions, "***", empty parts, a URL.
Status CheckImagePattern(std::string_view pattern);
/// As CheckImagePattern; a tag or digest is an error too.
Status CheckRepositoryPattern(std::string_view pattern);
/// A glob over names, paths, tags or hosts. Errors: InvalidArgument for characters that only
/// regular expressions have, control characters and "***".
Status CheckGlob(std::string_view pattern);

}  // namespace landwaiter::policy
