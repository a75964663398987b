// Credentials for Google's cloud: what is taken comes back as strict JSON of known members, is taken again
// and comes back the same, and holds no character that a web page would read.
#include <boost/json.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/logstream/gcs_credentials.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace latchkey;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto written = logstream::canonical_gcs_credentials(text);
  if (!written) {
    fuzz::require(written.error().code == ErrorCode::malformed_input && !written.error().message.empty(),
                  "a refusal says what is wrong");
    return 0;
  }
  boost::json::error_code failed;
  const auto parsed = boost::json::parse(*written, failed);
  fuzz::require(!failed && parsed.is_object() && parsed.at("type") == "external_account", "it is JSON");
  fuzz::require(written->find_first_of("<>&") == std::string::npos, "it is escaped");
  for (const char* secret : {"private_key", "client_secret", "refresh_token"}) {
    fuzz::require(!parsed.get_object().contains(secret), "it holds no secret");
  }
  const auto again = logstream::canonical_gcs_credentials(*written);
  fuzz::require(again.ok() && *again == *written, "it comes back the same");
  return 0;
}
