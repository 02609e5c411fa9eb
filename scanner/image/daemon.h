// Images of a container engine on this machine or beside it: `docker:NAME`, `podman:NAME`. The
// engine's API (Docker Engine API, "Inspect an image" and "Export an image"; podman serves the same
// under its compatible API; without a version in the path, because engines drop old ones) gives the
// image as a `docker save` archive, which is kept in an unlinked file, because its parts must be
// read at random: archive.h reads it.
//
// An image is looked up by the name first and exported by its ID: a name without a tag would export
// every tag of a repository, and a tag may move between two requests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/cancellation.h"
#include "lib/base/file.h"
#include "lib/base/result.h"

namespace landwaiter::image {

enum class Engine { kDocker, kPodman };

struct DaemonAddress {
  std::string socket = {};        // path of a Unix socket; else:
  std::string url = {};           // "http://127.0.0.1:2375", "https://…"
  std::string certificates = {};  // folder with ca.pem, cert.pem and key.pem; "" for none
};

/// Where the engine listens, as its own command finds it: DOCKER_HOST (with DOCKER_TLS_VERIFY and
/// DOCKER_CERT_PATH), CONTAINER_HOST for podman; else the first socket that is there of the usual
/// ones (of the user, then the system's). Docker's contexts are not read.
/// Errors: NotFound (no socket; names those tried), InvalidArgument (an address of another kind,
/// such as ssh://).
Result<DaemonAddress> FindDaemon(Engine engine);

/// Writes the image into `scratch`, an empty, writable file, at most `max_bytes`.
/// Errors: NotFound reason NotFound (the engine has no such image; its words), Unavailable reason
/// RegistryUnavailable (no answer, an answer that breaks off or is none), ResourceExhausted reason
/// TooLarge or (scratch space) ScannerFailed, PermissionDenied (the socket may not be opened).
Status ExportImage(Engine engine, const DaemonAddress& address, std::string_view name, int scratch,
                   std::uint64_t max_bytes, const Cancellation& cancel);

}  // namespace landwaiter::image
