// Words that the controller writes into objects, and that its other parts decide by.
#pragma once

#include <string_view>

#include "lib/kube/api.h"
#include "resources/image_scan.h"

namespace landwaiter::controller {

inline constexpr kube::Resource kImageScans{resources::kGroup, resources::kVersion, "imagescans",
                                            "ImageScan", false};
inline constexpr kube::Resource kScanPolicies{resources::kGroup, resources::kVersion,
                                              "scanpolicies", "ScanPolicy", false};
inline constexpr kube::Resource kScanExceptions{resources::kGroup, resources::kVersion,
                                                "scanexceptions", "ScanException", true};
inline constexpr kube::Resource kRegistryWatches{resources::kGroup, resources::kVersion,
                                                 "registrywatches", "RegistryWatch", true};

inline constexpr std::string_view kFieldManager = "landwaiter-controller";

/// Marks objects that the controller made; others were made by a person and are never deleted.
inline constexpr char kManagedByLabel[] = "app.kubernetes.io/managed-by";
inline constexpr char kManagedBy[] = "landwaiter";

// Annotations of an ImageScan. They carry to the leader what any replica was asked.
inline constexpr char kPriorityAnnotation[] = "landwaiter.io/priority";
inline constexpr char kPriorityAdmission[] = "admission";
inline constexpr char kPriorityWatch[] = "watch";                          // nobody runs it yet
inline constexpr char kNamespaceAnnotation[] = "landwaiter.io/namespace";  // who asked first
inline constexpr char kReferenceAnnotation[] = "landwaiter.io/reference";  // by which name
inline constexpr char kAskedAtAnnotation[] = "landwaiter.io/asked-at";    // anew: scan or judge now
inline constexpr char kAlsoFromAnnotation[] = "landwaiter.io/also-from";  // another repository
/// "namespace/name" of a RegistryWatch that holds the image: it stays while that has not been
/// looked at since a start.
inline constexpr char kWatchedByAnnotation[] = "landwaiter.io/watched-by";

// Reasons of the Ready condition beside model/scan_request.h's.
inline constexpr std::string_view kReasonScanned = "Scanned";
inline constexpr std::string_view kReasonQueued = "Queued";
inline constexpr std::string_view kReasonScanning = "Scanning";
inline constexpr std::string_view kReasonNoDatabase = "NoDatabase";
inline constexpr std::string_view kReasonInvalidReference = "InvalidReference";
inline constexpr std::string_view kReasonResolving = "Resolving";
inline constexpr std::string_view kReasonStoreFailed = "StoreFailed";

}  // namespace landwaiter::controller
