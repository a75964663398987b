// Tells systemd (or whatever set NOTIFY_SOCKET) how far the server is: sd_notify(3) without its library.
#pragma once

#include <string_view>

namespace latchkey::app::commands {

// "READY=1", "STOPPING=1". Does nothing when nobody asked to be told.
void tell_service_manager(std::string_view state);

}  // namespace latchkey::app::commands
