// A connected stream whose other end is the test: bytes are put in and taken out, on the thread that runs the
// coroutine, and the peer may stop reading or hang up.
#pragma once

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "io/byte_stream.h"

namespace latchkey::testing {

class MemoryStream final : public io::ByteStream {
 public:
  explicit MemoryStream(boost::asio::io_context& context) : timer_(context) {}

  // The peer's side.
  void put(std::string_view bytes) {
    input_ += bytes;
    wake();
  }
  std::string take() { return std::exchange(output_, {}); }
  void hang_up() {
    gone_ = true;
    wake();
  }
  // From now on that many bytes are taken before the stream stalls.
  void allow(std::size_t bytes) {
    room_ = bytes;
    wake();
  }
  std::size_t unread() const { return input_.size(); }
  std::size_t waits() const { return waits_; }

  io::StreamStep read_now(std::span<char> into) override {
    if (input_.empty()) return {gone_ ? Status::closed : Status::wants_readable};
    const auto count = std::min(into.size(), input_.size());
    std::memcpy(into.data(), input_.data(), count);
    input_.erase(0, count);
    return {Status::progress, count};
  }
  io::StreamStep write_now(std::string_view bytes) override {
    if (gone_) return {Status::closed};
    const auto count = std::min(room_, bytes.size());
    if (count == 0) return {Status::wants_writable};
    output_ += bytes.substr(0, count);
    if (room_ != kUnlimited) room_ -= count;
    return {Status::progress, count};
  }
  io::StreamStep handshake_now() override { return {Status::progress}; }
  io::awaitable<io::StreamStep> read_when_ready(std::span<char> into) override {
    if (input_.empty() && !gone_) co_await wait(io::Readiness::readable);
    co_return read_now(into);
  }
  io::awaitable<bool> wait(io::Readiness readiness) override {
    ++waits_;
    cancelled_ = false;
    while (!cancelled_ && !gone_ && (readiness == io::Readiness::readable ? input_.empty() : room_ == 0)) {
      timer_.expires_at(Timer::time_point::max());
      boost::system::error_code ignored;  // woken
      const boost::asio::use_awaitable_t<io::Executor> awaiting;
      co_await timer_.async_wait(boost::asio::redirect_error(awaiting, ignored));
    }
    co_return !std::exchange(cancelled_, false);
  }
  void cancel() override {
    cancelled_ = true;
    wake();
  }
  void finish_writing() override {}

 private:
  using Status = io::StreamStep::Status;
  using Timer =
      boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                        boost::asio::wait_traits<std::chrono::steady_clock>, io::Executor>;
  static constexpr auto kUnlimited = std::numeric_limits<std::size_t>::max();

  void wake() { timer_.cancel(); }

  Timer timer_;
  std::string input_;
  std::string output_;
  std::size_t room_ = kUnlimited;
  std::size_t waits_ = 0;
  bool gone_ = false;
  bool cancelled_ = false;
};

}  // namespace latchkey::testing
