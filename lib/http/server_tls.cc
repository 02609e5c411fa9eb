// The server's TLS contexts: TLS 1.2 and above, no renegotiation, no tickets (connections are kept
// alive, so resumption would save little and tickets carry state of their own).
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509err.h>

#include <boost/asio/ssl/context.hpp>

#include "lib/base/file.h"
#include "lib/http/server_core.h"

namespace landwaiter::http {
namespace {

namespace ssl = boost::asio::ssl;

constexpr std::size_t kMaxPemBytes = 1 << 20;

int SelectHttp11(SSL*, const unsigned char** out, unsigned char* out_size,
                 const unsigned char* offered, unsigned offered_size, void*) {
  static constexpr unsigned char kOurs[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kOurs, sizeof kOurs - 1, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

Error Refused(const std::string& file, const boost::system::error_code& error) {
  ERR_clear_error();
  return InvalidArgument(file + ": " + error.message());
}

Status LoadIdentity(ssl::context& context, const ServerTls& files) {
  auto chain = ReadFile(files.certificate_file, kMaxPemBytes);
  if (!chain) return std::move(chain).error();
  auto key = ReadFile(files.key_file, kMaxPemBytes);
  if (!key) return std::move(key).error();
  boost::system::error_code error;
  context.use_certificate_chain(boost::asio::buffer(*chain), error);
  if (error) return Refused(files.certificate_file, error);
  context.use_private_key(boost::asio::buffer(*key), ssl::context::pem, error);
  if (ERR_GET_REASON(static_cast<unsigned long>(error.value())) == X509_R_KEY_VALUES_MISMATCH) {
    ERR_clear_error();
    return InvalidArgument(files.key_file + ": is not the key of " + files.certificate_file);
  }
  if (error) return Refused(files.key_file, error);
  return Ok();
}

}  // namespace

std::string PeerCommonName(ssl_st* connection) {
  X509* peer = SSL_get1_peer_certificate(connection);
  if (peer == nullptr) return {};
  char name[256] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(peer), NID_commonName, name, sizeof name);
  X509_free(peer);
  return name;
}

Result<std::shared_ptr<ssl::context>> MakeServerTls(const ServerTls& files) {
  try {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    SSL_CTX* native = context->native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_options(
        native, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_num_tickets(native, 0);
    SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(native, SelectHttp11, nullptr);
    if (auto loaded = LoadIdentity(*context, files); !loaded) return std::move(loaded).error();
    if (files.client_ca_file.empty()) return context;

    auto authority = ReadFile(files.client_ca_file, kMaxPemBytes);
    if (!authority) return std::move(authority).error();
    boost::system::error_code error;
    context->add_certificate_authority(boost::asio::buffer(*authority), error);
    if (error) return Refused(files.client_ca_file, error);
    context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
    return context;
  } catch (const std::exception& error) {
    return Internal(std::string("TLS context: ") + error.what());
  }
}

}  // namespace landwaiter::http
