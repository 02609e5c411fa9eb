// A Java archive with all that is in it, from any bytes; and the texts in it by themselves.
#include "scanner/packages/java_identity.h"
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter::packages;
  FuzzSpooled("java", "lib/a-1.0.jar", data, size);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ReadPomProperties(text, "META-INF/maven/g/a/pom.properties");
  const auto manifest = ReadManifest(text);
  IdentifyArchive(manifest, text.substr(0, 200));
  return 0;
}
