// Whether a page of this server made a request, or another site did with the cookies of a person who was
// lured there. Judged by what browsers say of their requests and scripts cannot forge (Fetch Metadata,
// Origin).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "io/http.h"

namespace latchkey::http {

// "https://login.example.com:8443" of "https://login.example.com:8443/latchkey".
std::string origin_of(std::string_view url);

// Sec-Fetch-Site says same-origin; where a browser does not send it, Origin is the public one. Otherwise
// forbidden, also when neither is there.
Result<void> check_same_origin(const io::Request& request, std::string_view public_url);

// What a change by a session needs besides: a JSON body, and the header X-Latchkey-CSRF: 1, which other sites
// cannot send without being asked first.
Result<void> check_console_change(const io::Request& request, std::string_view public_url);

}  // namespace latchkey::http
