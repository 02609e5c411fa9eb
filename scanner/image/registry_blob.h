// A blob that is taken up again where its body broke off. Included by this room's sources only.
#pragma once

#include <memory>
#include <string>

#include "lib/base/cancellation.h"
#include "lib/base/result.h"
#include "scanner/image/registry_transport.h"
#include "scanner/image/source.h"

namespace landwaiter::image {

class RegistryBlob final : public BlobReader {
 public:
  /// Asks for the blob; errors come now. `transport` outlives it.
  static Result<std::unique_ptr<BlobReader>> Open(RegistryTransport& transport,
                                                  std::shared_ptr<Access> access,
                                                  const Descriptor& descriptor,
                                                  const Cancellation& cancel);
  Result<std::size_t> Read(char* buffer, std::size_t size) override;

 private:
  RegistryBlob(RegistryTransport& transport, std::shared_ptr<Access> access,
               const Descriptor& descriptor, const Cancellation& cancel);
  Status Ask();
  /// A server that answers a Range with the whole blob: what was read before is read past.
  Status SkipTo(std::uint64_t offset);
  Status TakeUpAgain(const Error& why);
  Error WrongSize(const std::string& why) const;

  RegistryTransport& transport_;
  const std::shared_ptr<Access> access_;
  const Digest digest_;
  const std::uint64_t size_;
  const Cancellation cancel_;
  const std::string what_;
  std::unique_ptr<http::ResponseBody> body_;
  std::uint64_t offset_ = 0;
  int failures_ = 0;       // since the last byte
  int interruptions_ = 0;  // of the whole blob
};

}  // namespace landwaiter::image
