#include "controller/trust/certificate_folder.h"

#include <filesystem>

#include "lib/base/file.h"

namespace landwaiter::controller {
namespace {

constexpr std::size_t kMaxPemBytes = 1 << 20;  // a Secret's own bound

Result<bool> WriteIfOther(const std::string& path, const std::string& bytes, int mode) {
  const auto found = ReadFile(path, kMaxPemBytes);
  if (found && *found == bytes) return false;
  if (Status written = WriteFileAtomically(path, bytes, mode); !written) {
    return std::move(written).error();
  }
  return true;
}

}  // namespace

Result<bool> WriteCertificateFolder(const std::string& folder, const RoleCertificate& certificate) {
  std::error_code failed;
  if (std::filesystem::create_directories(folder, failed)) {
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failed);
  }
  if (failed) return Unavailable("folder " + folder + ": " + failed.message());
  // Whom to trust first: others may serve by the new authority already.
  auto bundle = WriteIfOther(folder + "/ca.crt", certificate.bundle, 0644);
  if (!bundle) return bundle;
  // Then the key: a certificate without its key would be taken for a finished pair.
  auto key = WriteIfOther(folder + "/tls.key", certificate.pair.key_pem.Reveal(), 0600);
  if (!key) return key;
  auto chain = WriteIfOther(folder + "/tls.crt", certificate.pair.certificate_pem, 0644);
  if (!chain) return chain;
  return *bundle || *key || *chain;
}

Result<RoleCertificate> ReadCertificateFolder(const std::string& folder) {
  auto bundle = ReadFile(folder + "/ca.crt", kMaxPemBytes);
  if (!bundle) return std::move(bundle).error();
  auto certificate = ReadFile(folder + "/tls.crt", kMaxPemBytes);
  if (!certificate) return std::move(certificate).error();
  auto key = ReadFile(folder + "/tls.key", kMaxPemBytes);
  if (!key) return std::move(key).error();
  return RoleCertificate{*std::move(bundle), {*std::move(certificate), Secret(*std::move(key))}};
}

}  // namespace landwaiter::controller
