#include "http/html.h"

#include <fmt/format.h>

#include "base/text.h"
#include "crypto/digest.h"

namespace latchkey::http {
namespace {

constexpr std::string_view kStyle =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem;color:#1c1c1c;"
    "background:#fff}h1{font-size:1.4rem}dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem "
    "1rem}dt{color:#555}dd{margin:0;overflow-wrap:anywhere}table{border-collapse:collapse;width:100%}th,td{"
    "text-align:left;padding:.25rem .5rem .25rem 0;border-bottom:1px solid #ddd}button,.button{font:inherit;"
    "padding:.4rem .9rem;border:1px solid #1c1c1c;border-radius:.3rem;background:#1c1c1c;color:#fff;cursor:"
    "pointer;text-decoration:none;display:inline-block}pre{background:#f4f4f4;padding:.5rem;overflow:auto}"
    "form{display:inline}";

// The page's one style, by its digest: nothing that gets into a page can add another.
const std::string& policy() {
  static const std::string text = [] {
    const auto digest = crypto::sha256(kStyle);
    return fmt::format(
        "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'",
        to_base64({reinterpret_cast<const char*>(digest.data()), digest.size()}));
  }();
  return text;
}

}  // namespace

std::string html_text(std::string_view text) {
  return escape_markup(text, Quotes::escape);
}

io::Response html_page(const Page& page) {
  io::Response response;
  response.status = page.status;
  response.content_type = "text/html; charset=utf-8";
  response.headers = {{"Cache-Control", "no-store"},
                      {"Content-Security-Policy", policy()},
                      {"Cross-Origin-Opener-Policy", "same-origin"},
                      {"Cross-Origin-Resource-Policy", "same-origin"},
                      {"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()"},
                      {"Referrer-Policy", "same-origin"},
                      {"X-Content-Type-Options", "nosniff"}};
  if (page.tls) response.headers.push_back({"Strict-Transport-Security", "max-age=31536000"});
  response.body = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>{0}</title>\n<style>{1}</style>\n"
      "<h1>{0}</h1>\n{2}</html>\n",
      html_text(page.title), kStyle, page.body);
  return response;
}

io::Response see_other(std::string_view address) {
  io::Response response;
  response.status = 303;
  response.content_type.clear();
  response.headers = {
      {"Location", std::string(address)}, {"Cache-Control", "no-store"}, {"Referrer-Policy", "no-referrer"}};
  return response;
}

}  // namespace latchkey::http
