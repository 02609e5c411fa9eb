// Docker configurations and pull secrets from any bytes.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scanner/image/docker_config.h"
#include "scanner/image/registry_keyring.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static const ImageReference kImage = *ImageReference::Parse("registry.example/team/app:1");
  for (const auto& entries : {image::ParseDockerConfigJson(bytes), image::ParseDockerCfg(bytes)}) {
    if (!entries) continue;
    for (const auto& entry : *entries) {
      if (entry.host.empty() || entry.credential.empty()) std::abort();
    }
    if (image::CredentialsFor(*entries, kImage).size() > entries->size()) std::abort();
  }
  const auto config = image::ParseDockerConfig(bytes, "config.json");
  if (!config && config.error().message.find("config.json") == std::string::npos) std::abort();
  return 0;
}
