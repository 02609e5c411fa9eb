#include "scanner/layer/file_hashes.h"

#include <openssl/evp.h>

#include <array>
#include <new>
#include <string>

namespace landwaiter::layer {
namespace {

using Context = std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)>;

std::string FinishOne(EVP_MD_CTX* context) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  if (EVP_DigestFinal_ex(context, bytes.data(), &size) != 1) return {};
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

}  // namespace

struct FileHasher::State {
  std::array<const EVP_MD*, 3> kinds = {EVP_md5(), EVP_sha1(), EVP_sha256()};
  std::array<Context, 3> contexts = {Context(EVP_MD_CTX_new(), EVP_MD_CTX_free),
                                     Context(EVP_MD_CTX_new(), EVP_MD_CTX_free),
                                     Context(EVP_MD_CTX_new(), EVP_MD_CTX_free)};
  bool sound = true;

  void Begin() {
    sound = true;
    for (std::size_t i = 0; i < contexts.size(); ++i) {
      if (!contexts[i]) throw std::bad_alloc();
      sound = EVP_DigestInit_ex(contexts[i].get(), kinds[i], nullptr) == 1 && sound;
    }
  }
};

FileHasher::FileHasher() : state_(std::make_unique<State>()) { state_->Begin(); }
FileHasher::~FileHasher() = default;

void FileHasher::Update(std::string_view bytes) {
  if (!state_->sound) return;
  for (const Context& context : state_->contexts) {
    state_->sound =
        EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1 && state_->sound;
  }
}

std::optional<FileHashes> FileHasher::Finish() {
  std::optional<FileHashes> hashes;
  if (state_->sound) {
    hashes.emplace();
    hashes->md5 = FinishOne(state_->contexts[0].get());
    hashes->sha1 = FinishOne(state_->contexts[1].get());
    hashes->sha256 = FinishOne(state_->contexts[2].get());
    if (hashes->md5.empty() || hashes->sha1.empty() || hashes->sha256.empty()) hashes.reset();
  }
  state_->Begin();
  return hashes;
}

std::string Sha1Of(std::string_view text) {
  FileHasher hasher;
  hasher.Update(text);
  auto hashes = hasher.Finish();
  return hashes ? std::move(hashes->sha1) : std::string();
}

}  // namespace landwaiter::layer
