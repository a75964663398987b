// GET /register/{loginId}: what a person sees who opens the address that a device shows.
#include <fmt/format.h>

#include "core/join/pending_login.h"
#include "core/tailnet/host_info.h"
#include "http/handlers.h"

namespace latchkey::http {
namespace {

std::string html_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

io::Response page(int status, std::string_view title, const std::string& body) {
  io::Response response;
  response.status = status;
  response.content_type = "text/html; charset=utf-8";
  response.headers = {{"Cache-Control", "no-store"},
                      {"Content-Security-Policy",
                       "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
                      {"Referrer-Policy", "no-referrer"},
                      {"X-Content-Type-Options", "nosniff"}};
  response.body = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" "
      "content=\"width=device-width\">\n<title>{0}</title>\n<h1>{0}</h1>\n{1}</html>\n",
      title, body);
  return response;
}

std::string row(std::string_view name, std::string_view value) {
  if (value.empty()) return {};
  return fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, html_text(value));
}

std::string joined(const std::vector<std::string>& texts) {
  return fmt::format("{}", fmt::join(texts, ", "));
}

}  // namespace

Answer show_device_login(Context& context, Call& call) {
  const auto now = context.clock.now();
  auto work = [id = call.path_element("loginId"),
               now](core::Tx& tx) -> Result<std::optional<join::PendingLogin>> {
    return join::find_login(tx, id, now);
  };
  CO_TRY(const auto login, co_await context.db.read(std::move(work)));
  if (!login) {
    co_return page(
        404, "No device waits here",
        "<p>It has been logged in, or it waited too long. Run <code>tailscale up</code> on the device "
        "again for a new address.</p>\n");
  }
  const auto& request = login->request;
  const auto host = tailnet::host_info_from(request.host_info);
  const auto left = std::chrono::ceil<minutes>(login->expires - now).count();
  co_return page(
      200, "A device wants to join",
      fmt::format(
          "<dl>\n{}{}{}{}{}</dl>\n"
          "<p>Is it yours? An administrator of the tailnet lets it in within {} minutes:</p>\n"
          "<pre>latchkey devices approve {}</pre>\n"
          "<p>with <code>--for LOGIN</code> if it is another person's. Otherwise do nothing: without that it "
          "gets no access.</p>\n",
          row("Name", request.hostname), row("System", host.os), row("Client", host.client_version),
          row("Address", request.source.address), row("Tags it asks for", joined(request.requested_tags)),
          left, "/register/" + login->id));
}

}  // namespace latchkey::http
