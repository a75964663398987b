// What the pages for people share: which tailnet and providers they may sign in with, and forms that prove
// that they are this session's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/context.h"
#include "http/form_body.h"

namespace latchkey::http {

// A page of this server; `body` is HTML.
io::Response sign_on_page(const Context& context, int status, std::string title, std::string body);

// What a stranger may know of a tailnet: how to sign in. Empty without a tailnet, or where several are and
// none was named, or for an unknown name.
struct WaysIn {
  TailnetId tailnet;
  std::string tailnet_name;
  struct Way {
    std::string id;
    std::string name;
  };
  std::vector<Way> providers;
  bool several = false;  // tailnets
  bool named = false;    // one was asked for; a name that nobody has is answered like one without providers
};
Result<WaysIn> ways_in(core::Tx& tx, const std::optional<std::string>& tailnet);
// The links to them, as HTML.
std::string sign_in_links(const WaysIn& ways, std::string_view next);

// The hidden member that forms of this session carry.
std::string form_proof(const Context& context, const Call& call);
// A form that this session's page sent: from this origin, with the proof. Gives its members.
Result<FormPairs> proved_form(const Context& context, const Call& call);

// Lets the browser in: on to a path of this server, with this session's cookie and no other.
io::Response enter(Call& call, const signon::StartedSession& started, std::string_view path);

// How a page says an error: never what the log alone may know.
io::Response error_page(const Context& context, const Error& error);

}  // namespace latchkey::http
