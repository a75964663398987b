// The frame of the pages that this server draws itself, and the one way for text into them.
#pragma once

#include <string>
#include <string_view>

#include "io/http.h"

namespace latchkey::http {

// Text for an element or a quoted attribute.
std::string html_text(std::string_view text);

struct Page {
  int status = 200;
  std::string title;  // as text
  std::string body;   // as HTML
  bool tls = false;   // browsers shall come by https from now on
};

// No scripts, nothing from elsewhere, nobody's frame, not stored; forms lead to this server alone.
io::Response html_page(const Page& page);

// 303: the browser asks for the other address with GET.
io::Response see_other(std::string_view address);

}  // namespace latchkey::http
