// What the cluster knows, as Falco's rules need it: for the keeper of the ConfigMap and for
// `landwaiter falco rules`.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "controller/runtime/judged.h"
#include "report/falco.h"

namespace landwaiter::controller {

using NamespaceLabels = std::map<std::string, std::map<std::string, std::string>>;

/// An image fails where a policy that it fails, by one of its names, is in force. It is watched for
/// unscanned ones where a policy is that needs a scan.
report::FalcoInput FalcoFacts(const Policies& policies, const Scans& scans,
                              const NamespaceLabels& namespaces, TimePoint now);

}  // namespace landwaiter::controller
