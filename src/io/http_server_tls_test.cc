#include <fcntl.h>
#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <fstream>
#include <thread>

#include "io/server_under_test.h"
#include "io/tls_context.h"

namespace latchkey::io {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

template <auto Write, class... Args>
void write_pem(const std::string& path, Args... args) {
  auto* file = ::fopen(path.c_str(), "w");
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(Write(file, args...), 1);
  ::fclose(file);
}

// A self-signed certificate for the name, and its key.
void make_certificate(const TlsFiles& files, const std::string& name) {
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), &X509_free);
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  auto* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  ASSERT_GT(X509_sign(certificate.get(), key.get(), EVP_sha256()), 0);
  write_pem<&PEM_write_PrivateKey>(files.key_file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  write_pem<&PEM_write_X509>(files.certificate_file, certificate.get());
}

class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port, int newest_version = TLS1_3_VERSION,
                     std::string_view alpn = "\x08http/1.1")
      : client_(RawClient::tcp(port)),
        context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free),
        ssl_(nullptr, &SSL_free) {
    SSL_CTX_set_security_level(context_.get(), 0);
    SSL_CTX_set_max_proto_version(context_.get(), newest_version);
    SSL_CTX_set_alpn_protos(context_.get(), reinterpret_cast<const unsigned char*>(alpn.data()),
                            static_cast<unsigned>(alpn.size()));
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), client_.socket());
    connected_ = SSL_connect(ssl_.get()) == 1;
  }

  bool connected() const { return connected_; }
  std::string version() const { return SSL_get_version(ssl_.get()); }
  std::string protocol() const {
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &chosen, &size);
    return {reinterpret_cast<const char*>(chosen), size};
  }
  std::string certificate_name() const {
    char name[64] = "";
    auto* certificate = SSL_get0_peer_certificate(ssl_.get());
    if (certificate)
      X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
    return name;
  }
  void send(std::string_view bytes) { SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())); }
  // Everything until the text has come, or the end.
  std::string read_until(std::string_view text) {
    std::string all;
    char bytes[16384];
    while (all.find(text) == std::string::npos) {
      auto count = SSL_read(ssl_.get(), bytes, sizeof bytes);
      if (count <= 0) break;
      all.append(bytes, static_cast<std::size_t>(count));
    }
    return all;
  }
  // Whether the server ended with a close_notify, so that nobody can have cut the answer short.
  bool ends() {
    char byte = 0;
    auto count = SSL_read(ssl_.get(), &byte, 1);
    return SSL_get_error(ssl_.get(), count) == SSL_ERROR_ZERO_RETURN;
  }

 private:
  RawClient client_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  bool connected_ = false;
};

awaitable<Response> tell_tls(Request& request) {
  Response response;
  response.body = (request.peer.tls ? "tls " : "plain ") + std::to_string(request.body.size()) + "|end";
  co_return response;
}

awaitable<Response> large(Request&) {
  Response response;
  response.body.assign(5'000'000, 'x');
  response.body += "|end";
  co_return response;
}

class HttpServerTls : public testing::Test {
 protected:
  HttpServerTls() {
    make_certificate(files, "first");
    settings.tls_reload_interval = milliseconds(10);
    settings.tls_handshake_deadline = milliseconds(2000);
  }
  ~HttpServerTls() override {
    if (server) server->stop();
    runtime.stop();
  }
  std::uint16_t start(Handler handler) {
    server.emplace(runtime, settings, lines.log());
    auto port = server->listen_tcp("127.0.0.1", 0, std::move(handler), files);
    runtime.start();
    server->start();
    return port;
  }

  TemporaryFolder folder;
  TlsFiles files{folder.file("cert.pem"), folder.file("key.pem")};
  HttpSettings settings;
  LogLines lines;
  Runtime runtime{2, lines.log()};
  std::optional<HttpServer> server;
};

TEST_F(HttpServerTls, ServesRequestsOfNewAndOldClients) {
  auto port = start(tell_tls);
  for (auto version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
    TlsClient client(port, version);
    ASSERT_TRUE(client.connected());
    EXPECT_EQ(client.protocol(), "http/1.1");
    for (int i = 0; i < 3; ++i) {
      client.send(kGet);
      EXPECT_NE(client.read_until("|end").find("tls 0|end"), std::string::npos);
    }
  }
}

TEST_F(HttpServerTls, RefusesOutdatedVersionsAndOtherProtocols) {
  auto port = start(tell_tls);
  EXPECT_FALSE(TlsClient(port, TLS1_1_VERSION).connected());
  EXPECT_FALSE(TlsClient(port, TLS1_3_VERSION, "\x02h2").connected());
  EXPECT_TRUE(TlsClient(port, TLS1_3_VERSION, "\x02h2\x08http/1.1").connected());
}

TEST_F(HttpServerTls, CarriesLargeBodiesAndPipelinedRequests) {
  auto port = start(tell_tls);
  TlsClient client(port);
  std::string body(500'000, 'b');
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n" + body + std::string(kGet));
  auto both = client.read_until("tls 0|end");
  EXPECT_NE(both.find("tls 500000|end"), std::string::npos);
}

TEST_F(HttpServerTls, SendsALargeAnswer) {
  auto port = start(large);
  TlsClient client(port);
  client.send(kGet);
  EXPECT_GT(client.read_until("|end").size(), 5'000'000U);
}

TEST_F(HttpServerTls, EndsInOrder) {
  auto port = start(tell_tls);
  TlsClient client(port);
  client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  client.read_until("|end");
  EXPECT_TRUE(client.ends());
}

TEST_F(HttpServerTls, TakesUpAChangedCertificate) {
  auto port = start(tell_tls);
  EXPECT_EQ(TlsClient(port).certificate_name(), "first");
  make_certificate(files, "second");
  while (TlsClient(port).certificate_name() != "second") std::this_thread::sleep_for(milliseconds(5));
  EXPECT_TRUE(lines.has("certificate reloaded"));
}

TEST_F(HttpServerTls, KeepsTheOldCertificateWhenTheNewOneIsBroken) {
  auto port = start(tell_tls);
  std::ofstream(files.certificate_file) << "not a certificate";
  while (!lines.has("new certificate unusable")) std::this_thread::sleep_for(milliseconds(5));
  EXPECT_EQ(TlsClient(port).certificate_name(), "first");
  make_certificate(files, "third");
  while (TlsClient(port).certificate_name() != "third") std::this_thread::sleep_for(milliseconds(5));
}

TEST_F(HttpServerTls, RefusesToListenWithoutAUsableCertificate) {
  HttpServer unused(runtime, settings, lines.log());
  auto missing = files;
  missing.key_file = folder.file("missing.pem");
  EXPECT_THROW(unused.listen_tcp("127.0.0.1", 0, echo, missing), std::runtime_error);
  TlsFiles other{folder.file("other.pem"), folder.file("other-key.pem")};
  make_certificate(other, "other");
  other.key_file = files.key_file;
  EXPECT_THROW(unused.listen_tcp("127.0.0.1", 0, echo, other), std::runtime_error);
}

TEST_F(HttpServerTls, EndsAHandshakeThatDoesNotBeginOrIsNone) {
  settings.tls_handshake_deadline = milliseconds(60);
  auto port = start(tell_tls);
  auto silent = RawClient::tcp(port);
  EXPECT_TRUE(silent.ends());
  auto plain = RawClient::tcp(port);
  EXPECT_EQ(plain.ask(kGet).status, 0);
}

}  // namespace
}  // namespace latchkey::io
