// What is collected of hostile files, and the texts that say what was: /etc/passwd, secrets in any
// bytes, a collection.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "model/collection.h"
#include "scanner/packages/passwd.h"
#include "scanner/secrets/find.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto collection = CollectionFromJson(bytes);
  if (collection) {
    const auto again = CollectionFromJson(ToJson(*collection));
    if (!again || *again != *collection || !collection->Covers(*again)) std::abort();
  }
  const auto passwd = packages::ParsePasswd(bytes);
  if (passwd && passwd->entries.size() > kMaxPasswdEntries) std::abort();
  if (passwd && passwd->malformed.size() > kMaxMalformedLines) std::abort();
  static secrets::Finder finder([](std::string_view value) { return std::string(value); });
  finder.Begin("root/.netrc");
  finder.Feed(bytes.substr(0, size / 2));
  finder.Feed(bytes.substr(size / 2));
  const auto finds = finder.Finish();
  if (finds.secrets.size() > secrets::kMaxPerFile) std::abort();
  for (const SecretFound& secret : finds.secrets) {
    // Printable() makes at most three bytes of one.
    if (secret.redacted.size() > 15 || secret.line == 0) std::abort();
  }
  return 0;
}
