// What a registry says it has: the tags of a repository (OCI distribution specification 1.1,
// "Listing Tags") and the names of its repositories (/v2/_catalog of Docker's API, which the
// specification leaves out and many registries refuse). Both come page by page, each but the last
// with a Link header (RFC 8288).
//
// All of it is a stranger's word: pages, names and bytes are bounded, a Link never leads to another
// path (its query alone is taken), and a query that comes twice ends the list.
//
// Included by this room's sources, its tests and its fuzz target.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/cancellation.h"
#include "lib/base/result.h"
#include "scanner/image/registry.h"
#include "scanner/image/registry_transport.h"

namespace landwaiter::image {

inline constexpr std::size_t kMaxListPageBytes = 4u << 20;
/// What is asked for; registries that give fewer say so by a Link.
inline constexpr std::size_t kListPageSize = 1000;

/// The strings of the list `field` ("tags", "repositories") of one page; absent or null is none.
/// Errors: InvalidArgument, ResourceExhausted.
Result<std::vector<std::string>> ReadListPage(std::string_view body, const char* field);

/// The query of the first Link with rel="next", without its '?'; "" where there is none, or none
/// that could be asked.
std::string NextPageQuery(std::string_view link);

enum class ListKind { kTags, kRepositories };

/// All pages of one list; `access.image` says of what, without a repository for the catalogue.
/// Errors: Registry::Tags'.
Result<NameList> FetchNames(RegistryTransport& transport, Access& access, ListKind kind,
                            const ListBounds& bounds, const Cancellation& cancel);

}  // namespace landwaiter::image
