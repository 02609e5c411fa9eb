// A role's folder of ca.crt, tls.crt and tls.key, written by the role itself.
#pragma once

#include <string>

#include "controller/trust/renewal.h"

namespace landwaiter::controller {

/// Writes what differs, each file whole at once; makes the folder, for its owner alone. True where
/// something was written. Errors: those of the file system.
Result<bool> WriteCertificateFolder(const std::string& folder, const RoleCertificate& certificate);

/// What stands in it. Errors: those of ReadFile.
Result<RoleCertificate> ReadCertificateFolder(const std::string& folder);

}  // namespace landwaiter::controller
