#include <fmt/format.h>

#include "app/commands/json_fields.h"
#include "app/commands/listing.h"
#include "app/commands/user_table.h"
#include "app/commands/users.h"
#include "app/commands/when.h"
#include "base/clock.h"
#include "base/text.h"

namespace latchkey::app::commands {
namespace {

ApiRequest invite_request(const char* method, const std::string& id, std::string_view rest = {}) {
  return request_for(method, "/api/v2/user-invites/" + percent_encode(id) + std::string(rest));
}

// The link alone goes to standard output.
Result<Exit> show_link(Screen& screen, const boost::json::object& invite, OutputForm output) {
  if (output == OutputForm::json) {
    screen.print_json(invite);
    return Exit::done;
  }
  const auto expires = time_of(invite, "expires");
  screen.note(fmt::format("Invite {} as {}{}. Pass the link on: it is shown this once.",
                          text_of(invite, "id"), text_of(invite, "role"),
                          expires ? ", expires " + relative_time(*expires, SystemClock{}.now()) : ""));
  screen.print_secret("", SecretString(text_of(invite, "inviteUrl")));
  return Exit::done;
}

Result<const boost::json::array*> array_of(const boost::json::value& answer) {
  if (!answer.is_array()) return unavailable("the server's answer is not a list");
  return &answer.get_array();
}

}  // namespace

Result<Exit> invite_user(Screen& screen, const InviteFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  auto request = request_for("POST", api->tailnet_path("/user-invites"));
  boost::json::object want;
  if (!flags.role.empty()) want["role"] = flags.role;
  if (!flags.email.empty()) want["email"] = flags.email;
  request.list = boost::json::array{std::move(want)};
  TRY(const auto answer, api->send(request));
  TRY(const auto* made, array_of(answer));
  if (made->size() != 1 || !made->front().is_object())
    return unavailable("the server's answer is not an invite");
  return show_link(screen, made->front().get_object(), flags.output);
}

Result<Exit> list_invites(Screen& screen, const ListInvitesFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  TRY(const auto answer, api->send(request_for("GET", api->tailnet_path("/user-invites"))));
  TRY(const auto* invites, array_of(answer));
  if (flags.output == OutputForm::json) {
    screen.print_json(answer);
  } else {
    show_lines(screen, *invites, {invite_headings(), invite_row, "There are no open invites."});
  }
  return Exit::done;
}

Result<Exit> resend_invite(Screen& screen, const InviteIdFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  TRY(const auto answer, api->send(invite_request("POST", flags.id, "/resend")));
  TRY(const auto* invite, object_of(answer));
  return show_link(screen, *invite, flags.output);
}

Result<Exit> delete_invite(Screen& screen, const InviteIdFlags& flags) {
  TRY(const auto api, connect(flags.server, screen));
  TRY(const auto answer, api->send(invite_request("DELETE", flags.id)));
  if (flags.output == OutputForm::json) {
    screen.print_json(answer);
  } else {
    screen.print("withdrawn " + printable(flags.id));
  }
  return Exit::done;
}

}  // namespace latchkey::app::commands
