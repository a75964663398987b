#include "base/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <mutex>

#include "base/clock.h"
#include "base/text.h"

namespace latchkey {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warn:
      return "warn";
    case LogLevel::error:
      return "error";
  }
  return "info";
}

// JSON string syntax serves both formats: control characters and quotes cannot break out of a value. Bytes
// that are not UTF-8 are replaced, since a log reader must be able to parse every line.
std::string quoted(std::string_view text) {
  if (!utf8_length(text)) {
    std::string ascii(text);
    std::ranges::replace_if(ascii, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
    return quoted(ascii);
  }
  return boost::json::serialize(boost::json::string_view(text.data(), text.size()));
}

std::string value_text(const LogField& field) {
  struct Visitor {
    std::string operator()(std::string_view text) const { return quoted(text); }
    std::string operator()(std::int64_t number) const { return fmt::format("{}", number); }
    std::string operator()(double number) const { return fmt::format("{}", number); }
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
  };
  return std::visit(Visitor{}, field.value);
}

class FunctionSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  FunctionSink(void (*write)(void*, std::string_view), void* context) : write_(write), context_(context) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    write_(context_, {message.payload.data(), message.payload.size()});
  }
  void flush_() override {}

  void (*write_)(void*, std::string_view);
  void* context_;
};

}  // namespace

class Log::Sink {
 public:
  Sink(LogLevel least, LogFormat format, std::shared_ptr<spdlog::sinks::sink> sink)
      : format_(format), logger_("latchkey", std::move(sink)) {
    logger_.set_level(to_spdlog(least));
    logger_.set_pattern("%v");
    logger_.flush_on(spdlog::level::debug);
  }

  bool enabled(LogLevel level) const { return logger_.should_log(to_spdlog(level)); }

  void write(LogLevel level, std::string_view event, Fields fields) {
    const auto time = to_rfc3339(SystemClock{}.now());
    std::string line;
    if (format_ == LogFormat::json) {
      line = fmt::format(R"({{"time":"{}","level":"{}","event":{})", time, name_of(level), quoted(event));
      for (const auto& field : fields) line += fmt::format(R"(,"{}":{})", field.name, value_text(field));
      line += '}';
    } else {
      line = fmt::format("{} {:5} {}", time, name_of(level), event);
      for (const auto& field : fields) line += fmt::format(" {}={}", field.name, value_text(field));
    }
    logger_.log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
  }

 private:
  LogFormat format_;
  spdlog::logger logger_;
};

Log::Log(LogLevel least, LogFormat format)
    : sink_(std::make_shared<Sink>(least, format, std::make_shared<spdlog::sinks::stderr_sink_mt>())) {}

Log::Log(LogLevel least, LogFormat format, void (*write)(void*, std::string_view), void* context)
    : sink_(std::make_shared<Sink>(least, format, std::make_shared<FunctionSink>(write, context))) {}

bool Log::enabled(LogLevel level) const noexcept {
  return sink_ && sink_->enabled(level);
}

void Log::write(LogLevel level, std::string_view event, Fields fields) const {
  if (enabled(level)) sink_->write(level, event, fields);
}

Log quiet_log() {
  return Log(LogLevel::error, LogFormat::text, [](void*, std::string_view) {}, nullptr);
}

}  // namespace latchkey
