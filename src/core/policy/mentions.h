// Where a policy file names a person: what stays behind when he goes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace latchkey::policy {

struct Mention {
  std::string path;      // "groups.group:ops[1]", "acls[0].src[2]"
  std::size_t line = 0;  // from 1
};

// Every text and name that is his login, or his login and ports, without regard to case; in the order of the
// file. Nothing of a text that is no policy file.
std::vector<Mention> mentions_of(std::string_view text, std::string_view login_name);

}  // namespace latchkey::policy
