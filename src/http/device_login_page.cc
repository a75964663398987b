// GET, POST /register/{loginId}: what a person sees who opens the address that a device shows, and how who is
// signed in connects a device of their own.
#include <fmt/format.h>

#include "core/join/pending_login.h"
#include "core/tailnet/host_info.h"
#include "core/tailnet/policy_node.h"
#include "http/console/page_parts.h"
#include "http/handlers.h"
#include "http/html.h"

namespace latchkey::http {
namespace {

std::string row(std::string_view name, std::string_view value) {
  if (value.empty()) return {};
  return fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, html_text(value));
}

std::string joined(const std::vector<std::string>& texts) {
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string device_facts(const join::PendingLogin& login) {
  const auto& request = login.request;
  const auto host = tailnet::host_info_from(request.host_info);
  return fmt::format("<dl>\n{}{}{}{}{}</dl>\n", row("Name", request.hostname), row("System", host.os),
                     row("Client", host.client_version), row("Address", request.source.address),
                     row("Tags it asks for", joined(request.requested_tags)));
}

std::string path_of(const join::PendingLogin& login) {
  return "/register/" + login.id;
}

// How whoever looks at the page may let the device in.
std::string ways_to_let_it_in(const Context& context, const Call& call, const join::PendingLogin& login,
                              const WaysIn& ways) {
  if (call.session) {
    return fmt::format(
        "<p>Is it yours? You are signed in as <strong>{}</strong>.</p>\n"
        "<form method=\"post\" action=\"{}\">{}<button>Connect this device</button></form>\n",
        html_text(call.session->user.login_name), path_of(login), form_proof(context, call));
  }
  if (ways.providers.empty()) return {};
  return "<p>Is it yours? Sign in and connect it:</p>\n" + sign_in_links(ways, path_of(login));
}

io::Response gone(const Context& context) {
  return sign_on_page(
      context, 404, "No device waits here",
      "<p>It has been logged in, or it waited too long. Run <code>tailscale up</code> on the device "
      "again for a new address.</p>\n");
}

io::Response connected_page(const Context& context, const tailnet::Device& device) {
  const std::string wait =
      device.authorized
          ? "<p>You can close this page.</p>\n"
          : "<p>An administrator of the tailnet must approve it before it reaches others.</p>\n";
  return sign_on_page(context, 200, device.authorized ? "Connected" : "Waiting for approval",
                      fmt::format("<p>The device <strong>{}</strong> belongs to you now.</p>\n{}",
                                  html_text(device.name), wait));
}

struct Seen {
  std::optional<join::PendingLogin> login;
  WaysIn ways;
};

}  // namespace

Answer show_device_login(Context& context, Call& call) {
  const auto now = context.clock.now();
  auto work = [id = call.path_element("loginId"), tailnet = call.query_value("tailnet"),
               now](core::Tx& tx) -> Result<Seen> {
    TRY(auto ways, ways_in(tx, tailnet));
    return Seen{join::find_login(tx, id, now), std::move(ways)};
  };
  CO_TRY(const auto seen, co_await context.db.read(std::move(work)));
  if (!seen.login) co_return gone(context);
  const auto left = std::chrono::ceil<minutes>(seen.login->expires - now).count();
  co_return sign_on_page(
      context, 200, "A device wants to join",
      device_facts(*seen.login) + ways_to_let_it_in(context, call, *seen.login, seen.ways) +
          fmt::format(
              "<p>An administrator of the tailnet lets it in within {} minutes with:</p>\n"
              "<pre>latchkey devices approve {}</pre>\n"
              "<p>with <code>--for LOGIN</code> if it is another person's. Otherwise do nothing: without "
              "that it gets no access.</p>\n",
              left, path_of(*seen.login)));
}

Answer connect_device(Context& context, Call& call) {
  if (const auto form = proved_form(context, call); !form) co_return error_page(context, form.error());
  CO_TRY(auto may, identity::authorize<identity::Operation::connect_device>(call.caller));
  auto work = [may, id = call.path_element("loginId"), &mint = context.issuer.mint,
               now = context.clock.now()](core::Tx& tx) {
    return join::connect_own(tx, may, id, {mint, tailnet::auto_approved_routes}, now);
  };
  const auto device = co_await context.db.write(std::move(work));
  if (device) co_return connected_page(context, *device);
  if (device.error().code == ErrorCode::not_found) co_return gone(context);
  co_return error_page(context, device.error());
}

}  // namespace latchkey::http
