#include "lib/http/certificates.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>

namespace landwaiter::http {
namespace {

template <auto kFree>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>>;

Error OpenSslError(const std::string& what) {
  char reason[256] = "no reason given";
  if (const unsigned long code = ERR_get_error(); code != 0) {
    ERR_error_string_n(code, reason, sizeof reason);
  }
  ERR_clear_error();
  return Internal(what + ": " + reason);
}

std::string Drained(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

Certificate ReadPemCertificate(const std::string& pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return certificate;
}

Key ReadPemKey(const Secret& pem) {
  const std::string& bytes = pem.Reveal();
  const Bio bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
  // An empty passphrase: OpenSSL would ask the terminal for that of an encrypted key.
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, const_cast<char*>("")));
  ERR_clear_error();
  return key;
}

Result<CertificatePair> ToPem(X509* certificate, EVP_PKEY* key) {
  const Bio certificate_bio(BIO_new(BIO_s_mem()));
  const Bio key_bio(BIO_new(BIO_s_secmem()));
  if (PEM_write_bio_X509(certificate_bio.get(), certificate) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return OpenSslError("certificate could not be written as PEM");
  }
  return CertificatePair{Drained(certificate_bio.get()), Secret(Drained(key_bio.get()))};
}

bool SetTimes(X509* certificate, TimePoint now, std::chrono::seconds lifetime) {
  const auto seconds = [](TimePoint time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  };
  return ASN1_TIME_set(X509_getm_notBefore(certificate), seconds(now - kCertificateBackDating)) !=
             nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), seconds(now + lifetime)) != nullptr;
}

/// RFC 5280, section 4.1.2.2: positive, at most 20 octets, never the same twice.
bool SetRandomSerial(X509* certificate) {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7f) | 0x40);
  BIGNUM* number = BN_bin2bn(bytes, sizeof bytes, nullptr);
  const bool done =
      number != nullptr && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
  BN_free(number);
  return done;
}

bool AddExtension(X509* certificate, X509* issuer, int id, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, id, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool SetSubject(X509* certificate, const std::string& common_name) {
  X509_NAME* name = X509_get_subject_name(certificate);
  const auto add = [&](const char* field, const std::string& text) {
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(text.data()),
                                      static_cast<int>(text.size()), -1, 0) == 1;
  };
  return add("O", "landwaiter") && add("CN", common_name);
}

Result<Certificate> NewCertificate(EVP_PKEY* key, const std::string& common_name, TimePoint now,
                                   std::chrono::seconds lifetime) {
  Certificate certificate(X509_new());
  if (!certificate || X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
      !SetRandomSerial(certificate.get()) || !SetTimes(certificate.get(), now, lifetime) ||
      !SetSubject(certificate.get(), common_name) || X509_set_pubkey(certificate.get(), key) != 1) {
    return OpenSslError("certificate could not be made");
  }
  return certificate;
}

/// Only what needs no quoting in an OpenSSL extension value gets into one.
bool IsDnsName(const std::string& name) {
  if (name.empty() || name.size() > 253) return false;
  for (const char c : name) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '.' || c == '*';
    if (!fine) return false;
  }
  return true;
}

Result<std::string> AlternativeNames(const ServingNames& names) {
  std::string out;
  for (const std::string& name : names.dns) {
    if (!IsDnsName(name)) return InvalidArgument("DNS name \"" + name + "\": is no host name");
    out += (out.empty() ? "DNS:" : ",DNS:") + name;
  }
  for (const std::string& address : names.ip) {
    unsigned char bytes[16];
    if (::inet_pton(AF_INET, address.c_str(), bytes) != 1 &&
        ::inet_pton(AF_INET6, address.c_str(), bytes) != 1) {
      return InvalidArgument("IP address \"" + address + "\": is no IPv4 or IPv6 address");
    }
    out += (out.empty() ? "IP:" : ",IP:") + address;
  }
  if (out.empty()) return InvalidArgument("certificate: needs at least one DNS name or address");
  return out;
}

TimePoint ToTime(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return TimePoint(std::chrono::seconds(::timegm(&parts)));
}

void ReadNames(X509* certificate, CertificateInfo& info) {
  const Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) {
      info.dns.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                            ASN1_STRING_length(name->d.dNSName));
    } else if (name->type == GEN_IPADD) {
      char text[INET6_ADDRSTRLEN] = "";
      const int family = ASN1_STRING_length(name->d.iPAddress) == 4 ? AF_INET : AF_INET6;
      ::inet_ntop(family, ASN1_STRING_get0_data(name->d.iPAddress), text, sizeof text);
      info.ip.emplace_back(text);
    }
  }
}

}  // namespace

Result<CertificatePair> MakeAuthority(const std::string& common_name, TimePoint now,
                                      std::chrono::seconds lifetime) {
  const Key key(EVP_EC_gen("P-256"));
  if (!key) return OpenSslError("key could not be made");
  auto made = NewCertificate(key.get(), common_name, now, lifetime);
  if (!made) return std::move(made).error();
  X509* certificate = made->get();
  if (X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) != 1 ||
      !AddExtension(certificate, certificate, NID_basic_constraints,
                    "critical,CA:TRUE,pathlen:0") ||
      !AddExtension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !AddExtension(certificate, certificate, NID_subject_key_identifier, "hash") ||
      X509_sign(certificate, key.get(), EVP_sha256()) == 0) {
    return OpenSslError("authority could not be signed");
  }
  return ToPem(certificate, key.get());
}

Result<CertificatePair> MakeServing(const CertificatePair& authority, const ServingNames& names,
                                    TimePoint now, std::chrono::seconds lifetime) {
  auto alternatives = AlternativeNames(names);
  if (!alternatives) return std::move(alternatives).error();
  const Certificate issuer = ReadPemCertificate(authority.certificate_pem);
  if (!issuer) return InvalidArgument("authority certificate: is no PEM certificate");
  const Key issuer_key = ReadPemKey(authority.key_pem);
  if (!issuer_key || X509_check_private_key(issuer.get(), issuer_key.get()) != 1) {
    ERR_clear_error();
    return InvalidArgument("authority key: is not the key of the authority certificate");
  }
  const Key key(EVP_EC_gen("P-256"));
  if (!key) return OpenSslError("key could not be made");
  auto made = NewCertificate(key.get(), names.common_name, now, lifetime);
  if (!made) return std::move(made).error();
  X509* certificate = made->get();
  if (X509_set_issuer_name(certificate, X509_get_subject_name(issuer.get())) != 1 ||
      !AddExtension(certificate, issuer.get(), NID_basic_constraints, "critical,CA:FALSE") ||
      !AddExtension(certificate, issuer.get(), NID_key_usage, "critical,digitalSignature") ||
      !AddExtension(certificate, issuer.get(), NID_ext_key_usage, "serverAuth,clientAuth") ||
      !AddExtension(certificate, issuer.get(), NID_subject_key_identifier, "hash") ||
      !AddExtension(certificate, issuer.get(), NID_authority_key_identifier, "keyid:always") ||
      !AddExtension(certificate, issuer.get(), NID_subject_alt_name, alternatives->c_str()) ||
      X509_sign(certificate, issuer_key.get(), EVP_sha256()) == 0) {
    return OpenSslError("certificate could not be signed");
  }
  return ToPem(certificate, key.get());
}

Result<CertificateInfo> ReadCertificate(const std::string& pem) {
  const Certificate certificate = ReadPemCertificate(pem);
  if (!certificate) return InvalidArgument("certificate: is no PEM certificate");
  CertificateInfo info;
  char name[256] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name,
                            sizeof name);
  info.common_name = name;
  info.not_before = ToTime(X509_get0_notBefore(certificate.get()));
  info.not_after = ToTime(X509_get0_notAfter(certificate.get()));
  info.authority = X509_check_ca(certificate.get()) == 1;
  ReadNames(certificate.get(), info);
  return info;
}

Status VerifySignedBy(const std::string& certificate_pem, const std::string& authority_pem,
                      TimePoint now) {
  const Certificate certificate = ReadPemCertificate(certificate_pem);
  const Certificate authority = ReadPemCertificate(authority_pem);
  if (!certificate || !authority) return InvalidArgument("certificate: is no PEM certificate");
  const std::unique_ptr<X509_STORE, FreeWith<X509_STORE_free>> store(X509_STORE_new());
  const std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>> context(
      X509_STORE_CTX_new());
  if (!store || !context || X509_STORE_add_cert(store.get(), authority.get()) != 1 ||
      X509_STORE_CTX_init(context.get(), store.get(), certificate.get(), nullptr) != 1) {
    return OpenSslError("certificate could not be checked");
  }
  X509_STORE_CTX_set_time(context.get(), 0,
                          std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
  if (X509_verify_cert(context.get()) == 1) return Ok();
  const int why = X509_STORE_CTX_get_error(context.get());
  ERR_clear_error();
  return InvalidArgument(std::string("certificate: ") + X509_verify_cert_error_string(why));
}

Status VerifyKeyFits(const CertificatePair& pair) {
  const Certificate certificate = ReadPemCertificate(pair.certificate_pem);
  if (!certificate) return InvalidArgument("certificate: is no PEM certificate");
  const Key key = ReadPemKey(pair.key_pem);
  const bool fits = key && X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  return fits ? Ok() : InvalidArgument("key: is not the key of the certificate");
}

std::vector<std::string> SplitBundle(const std::string& pem) {
  std::vector<std::string> out;
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  while (out.size() < kMaxBundle) {
    const Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!certificate) break;
    const Bio one(BIO_new(BIO_s_mem()));
    if (PEM_write_bio_X509(one.get(), certificate.get()) != 1) break;
    out.push_back(Drained(one.get()));
  }
  ERR_clear_error();
  return out;
}

}  // namespace landwaiter::http
