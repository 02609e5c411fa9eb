// The scan in child processes: own user where possible, no network, no files but what it is handed,
// rlimits, seccomp allow-list, no new privileges. The parent keeps the network and the credentials;
// a child asks it for manifests and blobs of its one image (protocol.h).
//
// One child reads manifests and configuration and merges; each layer is read by a child that sees
// nothing else. So what is kept of a layer for other images (layer_cache.h) rests on that layer's
// bytes alone, whatever an image's other layers do to the process that reads them. An archive is
// read by one child, and nothing of it is kept.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scanner/malware/clamd.h"
#include "scanner/service/scan_image.h"

namespace landwaiter::service {

class LayerCache;  // layer_cache.h

struct ChildOptions {
  /// Where scratch files are made (O_TMPFILE, else made and unlinked); "" is $TMPDIR, else /tmp.
  std::string scratch_directory;
  std::chrono::milliseconds timeout = std::chrono::minutes(15);
  /// RLIMIT_AS. 4 GiB: database of 512 MiB whole and parsed, plus threads' stacks and arenas.
  std::uint64_t memory_bytes = 4ull << 30;
  /// RLIMIT_CPU, over all threads: 20 GiB inflate and hash in about 60 s.
  std::uint64_t cpu_seconds = 600;
  /// The program that is started, and its arguments; tests name their own.
  std::string program = "/proc/self/exe";
  std::vector<std::string> arguments = {"__scan-child"};
  /// Layers that were read before; null for none. Outlives the scan; may serve many at once.
  LayerCache* layer_cache = nullptr;
  /// The clamd that files are shown to where a collection asks for malware. nullopt: coverage says
  /// that there is none.
  std::optional<malware::ClamdOptions> clamd = {};
};

/// As ScanImage, with `source` used by this process and all parsing done in a child. The calling
/// thread blocks until the child has ended. `source` is called from several threads at once.
/// Errors: as ScanImage; reason ScannerFailed where the child crashed, was killed by a limit or by
/// its sandbox, or answered something that is no inventory.
Result<ImageInventory> ScanInChild(image::ImageSource& source, const ScanOptions& options,
                                   const ChildOptions& child, const Cancellation& cancel);

/// The same for a `docker save` archive or OCI layout tar: the open file itself goes to the child.
Result<ImageInventory> ScanArchiveInChild(int archive_fd, const ScanOptions& options,
                                          const ChildOptions& child, const Cancellation& cancel);

/// True where this process was started as a scan's child; main() then returns RunScanChild() before
/// it does anything else.
bool IsScanChild(int argc, const char* const* argv);
int RunScanChild();

}  // namespace landwaiter::service
