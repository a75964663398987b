// application/x-www-form-urlencoded: query strings, and the bodies of OAuth requests.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "io/http.h"

namespace latchkey::http {

using FormPairs = std::vector<std::pair<std::string, std::string>>;

// Decoded, in order. Refuses half escapes and what is not UTF-8; `what` names the input in the message.
Result<FormPairs> parse_form(std::string_view text, std::string_view what);

// Those of a request's body; any other kind of body is refused.
Result<FormPairs> form_of(const io::Request& request);

// The one value of that name; nothing when absent or empty, which RFC 6749 section 3.2 makes the same.
// Refused when it stands there twice.
Result<std::optional<std::string>> form_value(const FormPairs& form, std::string_view name);

}  // namespace latchkey::http
