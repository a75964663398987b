#include "app/commands/version.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <sqlite3.h>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace latchkey::app::commands {

Result<Exit> version(Screen& screen, const VersionFlags& flags) {
  if (flags.output == OutputForm::table) {
    screen.print("latchkey " LATCHKEY_VERSION);
    return Exit::done;
  }
  boost::json::object shown;
  shown["version"] = LATCHKEY_VERSION;
  shown["compiler"] = __VERSION__;
  shown["sqlite"] = sqlite3_libversion();
  shown["openssl"] = OpenSSL_version(OPENSSL_VERSION_STRING);
  shown["curl"] = curl_version_info(CURLVERSION_NOW)->version;
  screen.print_json(shown);
  return Exit::done;
}

}  // namespace latchkey::app::commands
