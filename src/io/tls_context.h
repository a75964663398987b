// The certificate and key of one listener, loaded from PEM files and loaded again when these change.
//
// current() may be called from any thread; a connection keeps the context it began with. reload_if_changed()
// is called by one thread now and then.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <mutex>
#include <string>

#include "base/log.h"
#include "io/http_server.h"

namespace latchkey::io {

class TlsContext {
 public:
  // Throws std::runtime_error, naming the file and the reason, when they cannot be used.
  explicit TlsContext(TlsFiles files);

  std::shared_ptr<SSL_CTX> current() const;

  // Compares time, size and identity of the files with those last tried. Broken new files are logged once as
  // an error and the old certificate stays in use.
  void reload_if_changed(const Log& log);

 private:
  TlsFiles files_;
  std::string tried_;
  mutable std::mutex mutex_;
  std::shared_ptr<SSL_CTX> current_;
};

}  // namespace latchkey::io
