// The bare pipeline that a scan is measured against: receive → SHA-256 → inflate (ISA-L, libzstd) →
// SHA-256 → headers of the tar, and nothing else. Two threads, each with one layer at a time, the
// longest first; with --stages each layer's stages stand on threads of their own besides, which is
// faster where one layer is most of the image. Prints one line of JSON.
//
//   pipeline [--stages] --registry http://HOST:PORT --repository NAME --tag TAG
//   pipeline [--stages] BLOB...                        compressed layers as files
#include <curl/curl.h>
#include <fcntl.h>
#include <isa-l/igzip_lib.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "lib/base/digest.h"
#include "scanner/image/manifest.h"
#include "tests/bench/bounded_queue.h"

namespace {

using landwaiter::Sha256;
using Bytes = std::shared_ptr<std::string>;
using Queue = landwaiter::bench::BoundedQueue<Bytes>;

constexpr std::size_t kChunk = 256u << 10;

struct Blob {
  std::string where;  // URL or path
  std::uint64_t size = 0;
  bool is_url = false;
};

struct Totals {
  std::atomic<std::uint64_t> compressed = 0;
  std::atomic<std::uint64_t> inflated = 0;
  std::atomic<std::uint64_t> headers = 0;
};

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "pipeline: %s\n", why.c_str());
  std::exit(1);
}

using Sink = std::function<void(std::string_view)>;

std::size_t OnData(char* data, std::size_t /*one*/, std::size_t count, void* sink) {
  (*static_cast<const Sink*>(sink))({data, count});
  return count;
}

void Fetch(const std::string& url, const char* accept, const Sink& sink) {
  CURL* curl = curl_easy_init();
  curl_slist* headers = curl_slist_append(nullptr, accept);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, static_cast<long>(kChunk));
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, OnData);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &sink);
  const CURLcode code = curl_easy_perform(curl);
  if (code != CURLE_OK) Die(url + ": " + curl_easy_strerror(code));
  curl_slist_free_all(headers);
  curl_easy_cleanup(curl);
}

void ReadFile(const std::string& path, const Sink& sink) {
  const int fd = open(path.c_str(), O_RDONLY);
  if (fd < 0) Die(path + ": " + std::strerror(errno));
  std::vector<char> buffer(kChunk);
  for (ssize_t count = 0; (count = read(fd, buffer.data(), buffer.size())) > 0;) {
    sink({buffer.data(), static_cast<std::size_t>(count)});
  }
  close(fd);
}

void Receive(const Blob& blob, const Sink& sink) {
  if (blob.is_url) return Fetch(blob.where, "Accept: */*", sink);
  ReadFile(blob.where, sink);
}

class Inflate {
 public:
  Inflate() {
    isal_inflate_init(&state_);
    state_.crc_flag = ISAL_GZIP;
  }
  void Push(std::string_view input, const Sink& sink) {
    if (!begun_ && input.starts_with("\x28\xB5\x2F\xFD")) zstd_.reset(ZSTD_createDStream());
    begun_ = true;
    if (zstd_ != nullptr) {
      PushZstd(input, sink);
    } else {
      PushGzip(input, sink);
    }
  }

 private:
  void PushZstd(std::string_view input, const Sink& sink) {
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    ZSTD_outBuffer out{};
    do {
      out = {out_.data(), out_.size(), 0};
      if (ZSTD_isError(ZSTD_decompressStream(zstd_.get(), &out, &in)) != 0) {
        Die("a layer is no sound zstd");
      }
      sink({reinterpret_cast<const char*>(out_.data()), out.pos});
    } while (in.pos < in.size || out.pos == out.size);
  }
  void PushGzip(std::string_view input, const Sink& sink) {
    state_.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(input.data()));
    state_.avail_in = static_cast<std::uint32_t>(input.size());
    do {
      state_.next_out = out_.data();
      state_.avail_out = static_cast<std::uint32_t>(out_.size());
      if (isal_inflate(&state_) < 0) Die("a layer is no sound gzip");
      sink({reinterpret_cast<const char*>(out_.data()), out_.size() - state_.avail_out});
    } while (state_.avail_in > 0 || state_.avail_out == 0);
  }

  struct Free {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };
  bool begun_ = false;
  std::unique_ptr<ZSTD_DStream, Free> zstd_;
  inflate_state state_{};
  std::vector<std::uint8_t> out_ = std::vector<std::uint8_t>(kChunk);
};

/// From one header of a tar to the next (POSIX.1-2017, pax, "ustar Interchange Format").
class Headers {
 public:
  void Push(std::string_view bytes) {
    while (!bytes.empty()) {
      if (skip_ > 0) {
        const std::size_t step = std::min<std::uint64_t>(skip_, bytes.size());
        skip_ -= step;
        bytes.remove_prefix(step);
        continue;
      }
      const std::size_t step = std::min(kBlock - filled_, bytes.size());
      std::memcpy(block_.data() + filled_, bytes.data(), step);
      filled_ += step;
      bytes.remove_prefix(step);
      if (filled_ == kBlock) Read();
    }
  }
  std::uint64_t count() const { return count_; }

 private:
  static constexpr std::size_t kBlock = 512;
  static constexpr std::size_t kSizeAt = 124;
  static constexpr std::size_t kSizeEnd = 136;

  void Read() {
    filled_ = 0;
    if (block_[0] == 0) return;  // the end
    ++count_;
    std::uint64_t size = 0;
    for (std::size_t at = kSizeAt; at < kSizeEnd; ++at) {
      if (block_[at] >= '0' && block_[at] <= '7') {
        size = size * 8 + static_cast<std::uint64_t>(block_[at] - '0');
      }
    }
    skip_ = (size + kBlock - 1) / kBlock * kBlock;
  }

  std::array<char, kBlock> block_{};
  std::size_t filled_ = 0;
  std::uint64_t skip_ = 0;
  std::uint64_t count_ = 0;
};

void OneThread(const Blob& blob, Totals& totals) {
  Sha256 compressed;
  Sha256 inflated;
  Headers headers;
  Inflate inflate;
  Receive(blob, [&](std::string_view bytes) {
    totals.compressed += bytes.size();
    compressed.Update(bytes);
    inflate.Push(bytes, [&](std::string_view out) {
      totals.inflated += out.size();
      inflated.Update(out);
      headers.Push(out);
    });
  });
  totals.headers += headers.count();
  (void)compressed.Finish();
  (void)inflated.Finish();
}

void Staged(const Blob& blob, Totals& totals) {
  Queue to_inflate(4);
  Queue to_hash(12);
  const std::jthread hasher([&] {
    Sha256 sha;
    Headers headers;
    while (auto bytes = to_hash.Pop()) {
      sha.Update(**bytes);
      headers.Push(**bytes);
    }
    (void)sha.Finish();
    totals.headers += headers.count();
  });
  const std::jthread inflater([&] {
    Inflate inflate;
    while (auto bytes = to_inflate.Pop()) {
      inflate.Push(**bytes, [&](std::string_view out) {
        totals.inflated += out.size();
        (void)to_hash.Push(std::make_shared<std::string>(out));
      });
    }
    to_hash.Close();
  });
  Sha256 sha;
  Receive(blob, [&](std::string_view bytes) {
    totals.compressed += bytes.size();
    sha.Update(bytes);
    (void)to_inflate.Push(std::make_shared<std::string>(bytes));
  });
  (void)sha.Finish();
  to_inflate.Close();
}

std::vector<Blob> LayersOf(const std::string& registry, const std::string& repository,
                           const std::string& tag) {
  const std::string base = registry + "/v2/" + repository;
  std::string manifest;
  Fetch(base + "/manifests/" + tag,
        "Accept: application/vnd.oci.image.manifest.v1+json, "
        "application/vnd.docker.distribution.manifest.v2+json",
        [&](std::string_view bytes) { manifest += bytes; });
  const auto type = landwaiter::image::ManifestType(manifest, "");
  if (!type) Die(type.error().message);
  const auto parsed = landwaiter::image::ParseManifest(manifest, *type);
  if (!parsed) Die(parsed.error().message);
  std::vector<Blob> blobs;
  for (const auto& layer : parsed->layers) {
    blobs.push_back({base + "/blobs/" + layer.digest.ToString(), layer.size, true});
  }
  return blobs;
}

struct Arguments {
  bool stages = false;
  std::vector<Blob> blobs;
};

Arguments Parse(int argc, char** argv) {
  Arguments arguments;
  std::string registry;
  std::string repository;
  std::string tag = "latest";
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const auto value = [&] { return i + 1 < argc ? std::string(argv[++i]) : std::string(); };
    if (word == "--stages") {
      arguments.stages = true;
    } else if (word == "--registry") {
      registry = value();
    } else if (word == "--repository") {
      repository = value();
    } else if (word == "--tag") {
      tag = value();
    } else {
      std::error_code error;
      arguments.blobs.push_back({argv[i], std::filesystem::file_size(argv[i], error)});
    }
  }
  if (!registry.empty()) arguments.blobs = LayersOf(registry, repository, tag);
  if (arguments.blobs.empty()) Die("no layers: give --registry, --repository, --tag, or files");
  return arguments;
}

}  // namespace

int main(int argc, char** argv) {
  curl_global_init(CURL_GLOBAL_ALL);
  const auto begin = std::chrono::steady_clock::now();
  Arguments arguments = Parse(argc, argv);
  std::sort(arguments.blobs.begin(), arguments.blobs.end(),
            [](const Blob& a, const Blob& b) { return a.size > b.size; });
  Totals totals;
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t at = next++; at < arguments.blobs.size(); at = next++) {
      if (arguments.stages) {
        Staged(arguments.blobs[at], totals);
      } else {
        OneThread(arguments.blobs[at], totals);
      }
    }
  };
  {
    const std::jthread other(work);
    work();
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  std::printf(
      "{\"seconds\": %.3f, \"compressedBytes\": %llu, \"inflatedBytes\": %llu, "
      "\"tarHeaders\": %llu}\n",
      seconds.count(), static_cast<unsigned long long>(totals.compressed.load()),
      static_cast<unsigned long long>(totals.inflated.load()),
      static_cast<unsigned long long>(totals.headers.load()));
  return 0;
}
