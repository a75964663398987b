// Structured log lines: a level, an event name and fields, written as one JSON object or one text line.
//
// Cheap to copy; safe from any thread. The event name is a constant a person can search for; what varies goes
// into fields. Nothing that is a Secret fits into a field. Values are escaped, so a caller's text cannot
// forge a line.
//
//   log.info("key created", {{"key", id.str()}, {"request", request_id}});
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace latchkey {

enum class LogLevel { debug, info, warn, error };
enum class LogFormat { text, json };

struct LogField {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, double, bool> value;

  LogField(std::string_view field_name, std::string_view text) : name(field_name), value(text) {}
  LogField(std::string_view field_name, const std::string& text)
      : name(field_name), value(std::string_view{text}) {}
  LogField(std::string_view field_name, const char* text) : name(field_name), value(std::string_view{text}) {}
  LogField(std::string_view field_name, bool flag) : name(field_name), value(flag) {}
  LogField(std::string_view field_name, double number) : name(field_name), value(number) {}
  template <class Int>
    requires std::is_integral_v<Int>
  LogField(std::string_view field_name, Int number)
      : name(field_name), value(static_cast<std::int64_t>(number)) {}
};

class Log {
 public:
  class Sink;
  using Fields = std::initializer_list<LogField>;

  // Writes to standard error, one write(2) a line.
  Log(LogLevel least, LogFormat format);
  // For tests: every line goes to the function, from whichever thread logs.
  Log(LogLevel least, LogFormat format, void (*write)(void* context, std::string_view line), void* context);

  bool enabled(LogLevel level) const noexcept;
  void write(LogLevel level, std::string_view event, Fields fields = {}) const;
  void debug(std::string_view event, Fields fields = {}) const { write(LogLevel::debug, event, fields); }
  void info(std::string_view event, Fields fields = {}) const { write(LogLevel::info, event, fields); }
  void warn(std::string_view event, Fields fields = {}) const { write(LogLevel::warn, event, fields); }
  void error(std::string_view event, Fields fields = {}) const { write(LogLevel::error, event, fields); }

 private:
  std::shared_ptr<Sink> sink_;
};

// A log that says nothing, for tests and tools.
Log quiet_log();

}  // namespace latchkey
