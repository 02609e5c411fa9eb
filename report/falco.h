// Falco rules that fire when a container of an image that fails, or that was never scanned, starts.
//
// Syntax: Falco's rules files (YAML, falco.org/docs/concepts/rules) and the filter grammar of
// falcosecurity/libs (userspace/libsinsp/filter/parser.h). Three facts of Falco shape what is here:
// it puts the items of a list into each condition as text, so every item must be a word of its own
// whatever lists other people's files have; it compares container.image.digest and
// container.image.id as texts, and runtimes say either of an index, a manifest or a config; and a
// `not … in` holds where the field is empty. Nothing but digests and names of namespaces, both
// checked, gets into a file.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "lib/base/digest.h"
#include "lib/base/result.h"

namespace landwaiter::report {

/// A ConfigMap holds 1 MiB of values (1,048,576 bytes).
inline constexpr std::size_t kMaxFalcoPartBytes = 1'000'000;
inline constexpr std::size_t kMaxFalcoParts = 8;
/// Of a list: each list is looked for in each condition.
inline constexpr std::size_t kMaxFalcoListItems = 1000;
/// Lists of namespaces are few: of more groups the smallest become one, whose images fire in the
/// namespaces of all of them.
inline constexpr std::size_t kMaxFalcoGroups = 32;
/// What the lists of namespaces may take, which stand beside the rules. A group beyond it fires
/// everywhere.
inline constexpr std::size_t kMaxFalcoNamespaceBytes = 256u << 10;

struct FalcoNamespaces {
  bool all = false;
  std::vector<std::string> names;  // sorted; not looked at where `all`
  friend bool operator==(const FalcoNamespaces&, const FalcoNamespaces&) = default;
};

struct FalcoImage {
  /// All that a runtime may call it by: the index, the manifests, the configs (image ids).
  std::vector<Digest> digests;
  bool fails = false;
  FalcoNamespaces where;  // of one that fails: the namespaces of the policies that it fails
  /// The greater, the sooner it is listed where not all can be.
  std::array<std::uint64_t, 3> badness = {};
};

struct FalcoInput {
  std::vector<FalcoImage> images;  // that were scanned, or fail without a scan
  FalcoNamespaces watched;         // where an image that is none of them is told of
};

struct FalcoLimits {
  std::size_t part_bytes = std::numeric_limits<std::size_t>::max() / 2;
  std::size_t parts = 1;
};
inline constexpr FalcoLimits kConfigMapLimits{kMaxFalcoPartBytes, kMaxFalcoParts};

struct FalcoFile {
  std::string name;  // in the order of the names is the order in which Falco reads them
  std::string text;
  friend bool operator==(const FalcoFile&, const FalcoFile&) = default;
};

struct FalcoRules {
  /// What goes into one ConfigMap each; the rules are in the first, never none.
  std::vector<std::vector<FalcoFile>> parts;
  std::uint64_t failing = 0;   // images listed
  std::uint64_t known = 0;     // of those that do not fail
  std::uint64_t left_out = 0;  // images that found no room: the best of those that fail, all others
  std::uint64_t failing_left_out = 0;  // of these, those that fail
};

/// The same input in any order gives the same bytes. Where something is left out, nothing is told
/// of images that were never scanned (landwaiter_lists_complete is false): they cannot be told from
/// those that were left out. Errors: InvalidArgument for a namespace that is no DNS label.
Result<FalcoRules> RenderFalcoRules(const FalcoInput& input, const FalcoLimits& limits = {});

}  // namespace landwaiter::report
