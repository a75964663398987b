// Where a person goes after signing in: a path of this server and nothing else, whatever a link asked for.
#pragma once

#include <string>
#include <string_view>

namespace latchkey::signon {

inline constexpr std::size_t kMaxNext = 1024;

// The path, or "/" when it is none: it begins with one slash, and holds no backslash, control character or
// white space, also not behind an escape.
std::string safe_next(std::string_view wanted);

}  // namespace latchkey::signon
