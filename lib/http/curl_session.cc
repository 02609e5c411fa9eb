#include "lib/http/curl_session.h"

namespace landwaiter::http {
namespace {

constexpr long kConnectionsPerSession = 2;  // one in use; an exchange that failed leaves none
constexpr long kKeepAliveIdleSeconds = 30;

curl_blob BlobOf(const std::string& bytes) {
  curl_blob blob;
  blob.data = const_cast<char*>(bytes.data());  // copied by libcurl, not written
  blob.len = bytes.size();
  blob.flags = CURL_BLOB_COPY;
  return blob;
}

/// Remembers the first option that libcurl refused.
class Options {
 public:
  explicit Options(CURL* easy) : easy_(easy) {}
  template <class T>
  void Set(CURLoption option, T value) {
    const CURLcode code = curl_easy_setopt(easy_, option, value);
    if (first_ == CURLE_OK) first_ = code;
  }
  Status Done() const {
    if (first_ == CURLE_OK) return Ok();
    return Internal(std::string("http client options: ") + curl_easy_strerror(first_));
  }

 private:
  CURL* easy_;
  CURLcode first_ = CURLE_OK;
};

void TrustAny(Options& set) {
  set.Set(CURLOPT_SSL_VERIFYPEER, 0L);
  set.Set(CURLOPT_SSL_VERIFYHOST, 0L);
}

void ApplyTls(Options& set, const ClientOptions& options) {
  set.Set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (options.insecure) TrustAny(set);
  if (!options.ca_file.empty()) {
    // The built-in folder of the system's authorities would be trusted besides.
    set.Set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    set.Set(CURLOPT_CAINFO, options.ca_file.c_str());
    set.Set(CURLOPT_CA_CACHE_TIMEOUT, 0L);  // a renewed file counts for the next connection
  } else if (!options.ca_pem.empty()) {
    const curl_blob blob = BlobOf(options.ca_pem);
    set.Set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    set.Set(CURLOPT_CAINFO, static_cast<const char*>(nullptr));
    set.Set(CURLOPT_CAINFO_BLOB, &blob);
  }
  if (!options.client_cert_file.empty()) {
    set.Set(CURLOPT_SSLCERT, options.client_cert_file.c_str());
    set.Set(CURLOPT_SSLKEY, options.client_key_file.c_str());
  } else if (!options.client_cert_pem.empty()) {
    const curl_blob certificate = BlobOf(options.client_cert_pem);
    const curl_blob key = BlobOf(options.client_key_pem.Reveal());
    set.Set(CURLOPT_SSLCERT_BLOB, &certificate);
    set.Set(CURLOPT_SSLKEY_BLOB, &key);
  }
}

}  // namespace

Status InitCurl() {
  static const CURLcode kCode = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (kCode == CURLE_OK) return Ok();
  return Internal(std::string("libcurl: ") + curl_easy_strerror(kCode));
}

Result<std::unique_ptr<Session>> Session::Create(std::string key) {
  auto session = std::make_unique<Session>();
  session->multi.reset(curl_multi_init());
  session->easy.reset(curl_easy_init());
  session->key = std::move(key);
  if (!session->multi || !session->easy) return ResourceExhausted("http client: out of memory");
  curl_multi_setopt(session->multi.get(), CURLMOPT_MAXCONNECTS, kConnectionsPerSession);
  return session;
}

Result<std::unique_ptr<Session>> SessionPool::Take(const std::string& key) {
  auto found = idle_.With([&](auto& idle) -> std::unique_ptr<Session> {
    for (auto it = idle.begin(); it != idle.end(); ++it) {
      if ((*it)->key != key) continue;
      auto session = std::move(*it);
      idle.erase(it);
      return session;
    }
    return nullptr;
  });
  if (found) return found;
  return Session::Create(key);
}

void SessionPool::Return(std::unique_ptr<Session> session) {
  std::list<std::unique_ptr<Session>> dropped;  // closed outside the lock: TLS says good-bye
  idle_.With([&](auto& idle) {
    idle.push_front(std::move(session));
    while (idle.size() > capacity_) dropped.splice(dropped.end(), idle, std::prev(idle.end()));
  });
}

Status ApplyClientOptions(CURL* easy, const ClientOptions& options) {
  Options set(easy);
  set.Set(CURLOPT_NOSIGNAL, 1L);
  // A name that is being resolved when the exchange is given up must not hold the caller.
  set.Set(CURLOPT_QUICK_EXIT, 1L);
  set.Set(CURLOPT_PROTOCOLS_STR, "http,https");
  set.Set(CURLOPT_FOLLOWLOCATION, 0L);
  set.Set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  set.Set(CURLOPT_PATH_AS_IS, 1L);
  set.Set(CURLOPT_HTTP09_ALLOWED, 0L);
  set.Set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set.Set(CURLOPT_TCP_KEEPALIVE, 1L);
  set.Set(CURLOPT_TCP_KEEPIDLE, kKeepAliveIdleSeconds);
  set.Set(CURLOPT_TCP_KEEPINTVL, kKeepAliveIdleSeconds);
  set.Set(CURLOPT_USERAGENT, options.user_agent.c_str());
  if (!options.unix_socket.empty()) {
    set.Set(CURLOPT_UNIX_SOCKET_PATH, options.unix_socket.c_str());
  }
  ApplyTls(set, options);
  return set.Done();
}

Status TrustAnyCertificate(CURL* easy) {
  Options set(easy);
  TrustAny(set);
  set.Set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  set.Set(CURLOPT_CAINFO, static_cast<const char*>(nullptr));
  return set.Done();
}

}  // namespace landwaiter::http
