#include "app/commands/webhook_receiver.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <istream>
#include <iterator>

#include "app/commands/json_fields.h"
#include "app/commands/secret_prompt.h"
#include "app/commands/server_choice.h"
#include "app/commands/stop_signals.h"
#include "app/commands/when.h"
#include "base/clock.h"
#include "base/text.h"
#include "core/webhooks/signature.h"
#include "io/http_server.h"
#include "io/runtime.h"

namespace latchkey::app::commands {
namespace {

constexpr const char* kVariable = "LATCHKEY_WEBHOOK_SECRET";
constexpr std::size_t kMostShown = 500;  // bytes of a body that is no list of events

bool is_in_environment() {
  const char* value = std::getenv(kVariable);
  return value != nullptr && *value != '\0';
}

Result<SecretString> secret_of(const std::string& file, Screen& screen) {
  if (!file.empty()) return read_secret(file, screen.in(), "webhook secret");
  if (is_in_environment()) return SecretString(std::string(trim(std::getenv(kVariable))));
  if (screen.may_ask()) return ask_for_secret(screen, "Webhook secret: ");
  return read_secret("-", screen.in(), "webhook secret");
}

// Whether a header has such a part.
bool has_part(std::string_view header, std::string_view name) {
  for (const auto part : split(header, ',')) {
    if (part.starts_with(name)) return true;
  }
  return false;
}

// The header's value, from a whole header line too.
std::string_view value_of(std::string_view text) {
  const auto name = webhooks::kSignatureHeader;
  text = trim(text);
  if (text.size() > name.size() && text[name.size()] == ':' &&
      equals_ignore_case(text.substr(0, name.size()), name)) {
    text.remove_prefix(name.size() + 1);
  }
  return trim(text);
}

Result<std::string> contents_of(const std::string& file, std::istream& in) {
  std::ifstream opened;
  if (file != "-") {
    opened.open(file, std::ios::binary);
    if (!opened)
      return malformed(fmt::format("cannot read the body from {}: {}", file, std::strerror(errno)));
  }
  std::istream& source = file == "-" ? in : opened;
  return std::string(std::istreambuf_iterator<char>(source), {});
}

std::string line_of(const boost::json::object& event) {
  return printable(fmt::format("{}  {}  {}  {}", text_of(event, "timestamp"), text_of(event, "type"),
                               text_of(event, "tailnet"), text_of(event, "message")));
}

io::Response answer(int status, std::string_view message) {
  io::Response response;
  response.status = status;
  response.body = boost::json::serialize(boost::json::object{{"message", message}});
  return response;
}

// Answers on the one thread of its runtime, which alone writes to the screen meanwhile.
class Receiver {
 public:
  Receiver(Screen& screen, SecretString secret, OutputForm output)
      : screen_(screen), secret_(std::move(secret)), output_(output) {}

  io::Response take(const io::Request& request) {
    if (request.method != "POST") return answer(405, "events come by POST");
    const auto header = request.header(webhooks::kSignatureHeader);
    const auto fault = fault_of(header.value_or(""), secret_, request.body, SystemClock{}.now());
    if (!fault.empty()) {
      screen_.note("refused: " + fault);
      screen_.flush();
      return answer(401, fault);
    }
    show(request.body);
    // What nobody could read was not taken: it comes again.
    if (!screen_.flush()) return answer(503, "the output cannot be written");
    return answer(200, "taken");
  }

 private:
  void show(const std::string& body) {
    if (output_ == OutputForm::table) {
      for (const auto& line : lines_of(body)) screen_.print(line);
      return;
    }
    boost::json::error_code failed;
    const auto value = boost::json::parse(body, failed);
    if (failed) return screen_.note("a genuine body that is no JSON: " + std::string(clip(body, kMostShown)));
    if (!value.is_array()) return screen_.print_json(value);
    for (const auto& event : value.get_array()) screen_.print_json(event);
  }

  Screen& screen_;
  const SecretString secret_;
  const OutputForm output_;
};

}  // namespace

std::string fault_of(std::string_view header, const SecretString& secret, std::string_view body,
                     TimePoint at) {
  const auto verdict = webhooks::verify(header, secret, body, at);
  if (verdict == webhooks::Verdict::genuine) return {};
  if (verdict != webhooks::Verdict::malformed) return std::string(to_string(verdict));
  const std::string name(webhooks::kSignatureHeader);
  if (trim(header).empty()) return "there is no " + name + " header";
  if (!has_part(header, "t=")) return "the " + name + " header has no timestamp (t=)";
  if (!has_part(header, "v1=")) return "the " + name + " header has no signature (v1=)";
  return "the " + name + " header is malformed: it is t=<seconds>,v1=<hexadecimal>, without spaces";
}

std::vector<std::string> lines_of(const std::string& body) {
  boost::json::error_code failed;
  const auto value = boost::json::parse(body, failed);
  std::vector<std::string> lines;
  if (!failed && value.is_array()) {
    for (const auto& event : value.get_array()) {
      if (event.is_object()) lines.push_back(line_of(event.get_object()));
    }
    return lines;
  }
  // Slack, Mattermost and Google Chat have `text`, Discord `content`.
  if (const auto* object = failed ? nullptr : value.if_object()) {
    for (const char* member : {"text", "content"}) {
      if (auto text = text_of(*object, member); !text.empty()) {
        for (const auto line : split(text, '\n')) lines.push_back(printable(line));
        return lines;
      }
    }
  }
  lines.push_back(printable(clip(body, kMostShown)));
  return lines;
}

std::string complaint_about(const VerifyWebhookFlags& flags) {
  const bool body_is_typed = flags.body == "-";
  const bool secret_is_typed =
      flags.secret_file == "-" || (flags.secret_file.empty() && !is_in_environment());
  if (body_is_typed && secret_is_typed) {
    return std::string(
               "the body comes by standard input: name a file with the secret with --secret-file, or "
               "set ") +
           kVariable;
  }
  return {};
}

Result<Exit> listen_webhooks(Screen& screen, const ListenFlags& flags) {
  TRY(auto secret, secret_of(flags.secret_file, screen));
  const StopSignals signals;
  Receiver receiver(screen, std::move(secret), flags.output);
  io::Runtime runtime(1, Log(LogLevel::error, LogFormat::text));
  io::HttpServer server(runtime, io::HttpSettings{}, quiet_log());
  std::uint16_t port = 0;
  try {
    port = server.listen_tcp("127.0.0.1", static_cast<std::uint16_t>(flags.port),
                             [&receiver](io::Request& request) -> io::awaitable<io::Response> {
                               co_return receiver.take(request);
                             });
  } catch (const std::system_error& failed) {
    return conflict(fmt::format("cannot listen on 127.0.0.1:{}: {}", flags.port, failed.code().message()));
  }
  screen.note(fmt::format("Listening on http://127.0.0.1:{}/ until Ctrl-C.", port));
  screen.flush();
  runtime.start();
  server.start();
  signals.wait();
  signals.let_through();
  server.stop();
  runtime.stop();
  return Exit::done;
}

Result<Exit> verify_webhook(Screen& screen, const VerifyWebhookFlags& flags) {
  const auto now = SystemClock{}.now();
  auto at = now;
  if (!flags.at.empty()) {
    TRY(at, parse_moment(flags.at, now));
  }
  TRY(const auto secret, secret_of(flags.secret_file, screen));
  TRY(const auto body, contents_of(flags.body, screen.in()));
  const auto fault = fault_of(value_of(flags.signature), secret, body, at);
  if (flags.output == OutputForm::json) {
    boost::json::object shown{{"genuine", fault.empty()}};
    if (!fault.empty()) shown["reason"] = fault;
    screen.print_json(shown);
  } else if (fault.empty()) {
    screen.print(fmt::format("genuine: {} bytes, signed with this secret", body.size()));
  } else {
    screen.complain(fault);
  }
  return fault.empty() ? Exit::done : Exit::failed;
}

}  // namespace latchkey::app::commands
