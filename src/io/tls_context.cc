#include "io/tls_context.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <stdexcept>
#include <string_view>

namespace latchkey::io {
namespace {

std::string stamp_of(const std::string& path) {
  struct stat file{};
  if (::stat(path.c_str(), &file) != 0) return "absent";
  return fmt::format("{}.{}/{}/{}", file.st_mtim.tv_sec, file.st_mtim.tv_nsec, file.st_size, file.st_ino);
}

std::string stamp_of(const TlsFiles& files) {
  return stamp_of(files.certificate_file) + " " + stamp_of(files.key_file);
}

[[noreturn]] void refuse(const char* action, const std::string& file) {
  const auto* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  throw std::runtime_error(fmt::format("{} {}: {}", action, file, reason ? reason : "unknown reason"));
}

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  static constexpr unsigned char kHttp11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* found = nullptr;
  auto verdict = SSL_select_next_proto(&found, chosen_size, kHttp11, sizeof kHttp11, offered, offered_size);
  if (verdict != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

std::shared_ptr<SSL_CTX> load(const TlsFiles& files) {
  ERR_clear_error();
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  if (!context) refuse("make a TLS context for", files.certificate_file);
  auto* raw = context.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                               SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(
      raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(raw, 1);
  SSL_CTX_set_alpn_select_cb(raw, choose_protocol, nullptr);
  if (SSL_CTX_use_certificate_chain_file(raw, files.certificate_file.c_str()) != 1) {
    refuse("load the certificate", files.certificate_file);
  }
  if (SSL_CTX_use_PrivateKey_file(raw, files.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    refuse("load the key", files.key_file);
  }
  if (SSL_CTX_check_private_key(raw) != 1) refuse("match the certificate with the key", files.key_file);
  return context;
}

}  // namespace

TlsContext::TlsContext(TlsFiles files)
    : files_(std::move(files)), tried_(stamp_of(files_)), current_(load(files_)) {}

std::shared_ptr<SSL_CTX> TlsContext::current() const {
  std::lock_guard lock(mutex_);
  return current_;
}

void TlsContext::reload_if_changed(const Log& log) {
  // Taken before loading: a change in between is then seen the next time.
  auto stamp = stamp_of(files_);
  if (stamp == tried_) return;
  tried_ = stamp;
  try {
    auto fresh = load(files_);
    {
      std::lock_guard lock(mutex_);
      current_.swap(fresh);
    }
    log.info("certificate reloaded", {{"file", files_.certificate_file}});
  } catch (const std::runtime_error& error) {
    log.error("new certificate unusable, the old one stays", {{"error", error.what()}});
  }
}

}  // namespace latchkey::io
