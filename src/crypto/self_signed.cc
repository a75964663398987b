#include "crypto/self_signed.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>

#include "base/secret.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/openssl_handle.h"

namespace latchkey::crypto {
namespace {

constexpr auto kLifetime = days(3650);
constexpr auto kRenewBefore = days(30);
constexpr std::size_t kMostHost = 253;
constexpr std::size_t kMostCommonName = 64;  // RFC 5280, ub-common-name

using PKey = std::unique_ptr<EVP_PKEY, OpenSslFree<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, OpenSslFree<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, OpenSslFree<X509_EXTENSION_free>>;
using Bio = std::unique_ptr<BIO, OpenSslFree<BIO_free_all>>;
using Octets = std::unique_ptr<ASN1_OCTET_STRING, OpenSslFree<ASN1_OCTET_STRING_free>>;

std::time_t to_seconds(TimePoint time) {
  return std::chrono::floor<seconds>(time).time_since_epoch().count();
}

bool is_address(const std::string& host) {
  return Octets(a2i_IPADDRESS(host.c_str())) != nullptr;
}

bool is_host_name(const std::string& host) {
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  return !host.empty() && host.size() <= kMostHost && std::ranges::all_of(host, allowed) &&
         host.front() != '.' && host.front() != '-';
}

std::string alternative_names(const std::vector<std::string>& hosts) {
  std::string names;
  for (const auto& host : hosts) {
    if (!names.empty()) names += ',';
    names += (is_address(host) ? "IP:" : "DNS:") + host;
  }
  return names;
}

void add_extension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  require(extension && X509_add_ext(certificate, extension.get(), -1) == 1, "no certificate extension");
}

Certificate make_certificate(EVP_PKEY* key, const std::vector<std::string>& hosts, TimePoint now) {
  Certificate certificate(X509_new());
  require(certificate != nullptr, "no certificate");
  auto* raw = certificate.get();
  auto serial = random_array<16>();
  serial[0] &= 0x7f;  // positive
  const std::unique_ptr<BIGNUM, OpenSslFree<BN_free>> number(
      BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
  require(number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(raw)), "no serial number");
  const auto from = to_seconds(now - days(1));
  const auto until = to_seconds(now + kLifetime);
  const auto name = hosts.front().substr(0, kMostCommonName);
  auto* subject = X509_get_subject_name(raw);
  require(X509_set_version(raw, X509_VERSION_3) == 1 && ASN1_TIME_set(X509_getm_notBefore(raw), from) &&
              ASN1_TIME_set(X509_getm_notAfter(raw), until) && X509_set_pubkey(raw, key) == 1 &&
              X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                         reinterpret_cast<const unsigned char*>(name.data()),
                                         static_cast<int>(name.size()), -1, 0) == 1 &&
              X509_set_issuer_name(raw, subject) == 1,
          "no certificate");
  add_extension(raw, NID_subject_alt_name, alternative_names(hosts));
  add_extension(raw, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(raw, NID_key_usage, "critical,digitalSignature");
  add_extension(raw, NID_ext_key_usage, "serverAuth");
  require(X509_sign(raw, key, EVP_sha256()) > 0, "the certificate cannot be signed");
  return certificate;
}

std::string fingerprint_of(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  require(size > 0, "the certificate cannot be encoded");
  const auto digest = sha256({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return to_hex(digest);
}

// Exactly these names, in any order.
bool holds_for(X509* certificate, const std::vector<std::string>& hosts) {
  std::unique_ptr<GENERAL_NAMES, OpenSslFree<GENERAL_NAMES_free>> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (!names || static_cast<std::size_t>(sk_GENERAL_NAME_num(names.get())) != hosts.size()) return false;
  return std::ranges::all_of(hosts, [&](const std::string& host) {
    return is_address(host) ? X509_check_ip_asc(certificate, host.c_str(), 0) == 1
                            : X509_check_host(certificate, host.data(), host.size(), 0, nullptr) == 1;
  });
}

bool is_private(const std::filesystem::path& file) {
  struct stat info{};
  return ::stat(file.c_str(), &info) == 0 && (info.st_mode & 077) == 0;
}

template <auto Read, class Handle>
Handle read_pem(const std::filesystem::path& file) {
  const Bio bio(BIO_new_file(file.c_str(), "r"));
  return Handle(bio ? Read(bio.get(), nullptr, nullptr, nullptr) : nullptr);
}

// The fingerprint of what is in the files, when it still does.
std::optional<std::string> usable(const SelfSigned& files, const std::vector<std::string>& hosts,
                                  TimePoint now) {
  const auto certificate = read_pem<&PEM_read_bio_X509, Certificate>(files.certificate_file);
  const auto key = read_pem<&PEM_read_bio_PrivateKey, PKey>(files.key_file);
  auto renew = to_seconds(now + kRenewBefore);
  auto present = to_seconds(now);
  const bool good = certificate && key && is_private(files.key_file) &&
                    X509_check_private_key(certificate.get(), key.get()) == 1 &&
                    X509_cmp_time(X509_get0_notAfter(certificate.get()), &renew) > 0 &&
                    X509_cmp_time(X509_get0_notBefore(certificate.get()), &present) < 0 &&
                    holds_for(certificate.get(), hosts);
  ERR_clear_error();
  if (!good) return std::nullopt;
  return fingerprint_of(certificate.get());
}

template <class Write>
SecretString pem_text(Write write) {
  const Bio bio(BIO_new(BIO_s_secmem()));
  require(bio && write(bio.get()) == 1, "PEM cannot be written");
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &data);
  return SecretString(std::string(data, static_cast<std::size_t>(size)));
}

// Whole or not at all, and on the disk.
Result<void> replace_file(const std::filesystem::path& file, const SecretString& text) {
  const auto fresh = file.string() + ".new";
  auto failed = [&](const char* what) {
    Error error =
        malformed(std::string(what) + " " + file.string() + ": " + std::generic_category().message(errno));
    ::unlink(fresh.c_str());
    return error;
  };
  ::unlink(fresh.c_str());
  const int handle = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (handle < 0) return failed("cannot create");
  const auto& bytes = text.expose();
  const bool written = ::write(handle, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) &&
                       ::fsync(handle) == 0;
  ::close(handle);
  if (!written) return failed("cannot write");
  if (::rename(fresh.c_str(), file.c_str()) != 0) return failed("cannot replace");
  return {};
}

}  // namespace

Result<SelfSigned> keep_self_signed(const std::filesystem::path& directory, const std::string& name,
                                    const std::vector<std::string>& hosts, TimePoint now) {
  if (hosts.empty()) return malformed("a certificate needs a host name or an address");
  for (const auto& host : hosts) {
    if (!is_address(host) && !is_host_name(host)) {
      return malformed("neither a host name nor an address: " + host);
    }
  }
  SelfSigned kept;
  kept.certificate_file = directory / (name + ".crt");
  kept.key_file = directory / (name + ".key");
  if (auto fingerprint = usable(kept, hosts, now)) {
    kept.fingerprint = *std::move(fingerprint);
    return kept;
  }
  const PKey key(EVP_EC_gen("P-256"));
  require(key != nullptr, "no key can be made");
  const auto certificate = make_certificate(key.get(), hosts, now);
  const auto key_text = pem_text([&](BIO* out) {
    return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  const auto certificate_text =
      pem_text([&](BIO* out) { return PEM_write_bio_X509(out, certificate.get()); });
  TRY(replace_file(kept.key_file, key_text));
  TRY(replace_file(kept.certificate_file, certificate_text));
  kept.fingerprint = fingerprint_of(certificate.get());
  kept.made_now = true;
  return kept;
}

}  // namespace latchkey::crypto
