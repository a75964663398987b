// What the OAuth endpoints share: who asks, and errors in both vocabularies.
#pragma once

#include <optional>

#include "base/secret.h"
#include "core/credentials/key_text.h"
#include "http/context.h"
#include "http/form_body.h"

namespace latchkey::http {

struct PresentedClient {
  credentials::ParsedKey key;
  SecretString text;
};

// The client's credentials, from the Authorization header (RFC 6749 section 2.3.1) or the form. The secret
// holds the id; a client_id beside it counts for nothing, since stock clients send "some-client-id". Nothing
// when there are none, or when they are no client's.
Result<std::optional<PresentedClient>> presented_client(const io::Request& request, const FormPairs& form);

// {"error": RFC 6749's word, "error_description", "message": upstream's text}.
io::Response oauth_error(const Error& error, std::string_view word);

}  // namespace latchkey::http
