// The cookies of sign-on. All are bound to this host (__Host-), kept from scripts and from requests that
// other sites make, but for a person who follows a link here.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "io/http.h"

namespace latchkey::http {

inline constexpr std::string_view kSessionCookie = "__Host-lk_session";
inline constexpr std::string_view kLoginCookie = "__Host-lk_login";
inline constexpr std::string_view kInviteCookie = "__Host-lk_invite";

// Nothing when it is absent, or stands there twice: then one of them is somebody else's.
std::optional<std::string> cookie_of(const io::Request& request, std::string_view name);

// A Set-Cookie header. Without a life the browser forgets it when it ends.
io::Header set_cookie(std::string_view name, std::string_view value,
                      std::optional<seconds> life = std::nullopt);
io::Header drop_cookie(std::string_view name);

}  // namespace latchkey::http
