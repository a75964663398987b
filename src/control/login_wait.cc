#include "control/login_wait.h"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <vector>

namespace latchkey::control {

struct LoginWait::Timer {
  using Clock = std::chrono::steady_clock;
  explicit Timer(const io::Executor& executor) : timer(executor) {}
  boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, io::Executor> timer;
};

LoginWait::LoginWait(LoginWaits& all, std::string login, io::Executor executor)
    : all_(all), login_(std::move(login)), executor_(executor), timer_(std::make_unique<Timer>(executor)) {}

LoginWait::~LoginWait() {
  all_.leave(login_);
}

io::awaitable<void> LoginWait::wait(std::chrono::milliseconds at_most) {
  if (ended_) co_return;
  timer_->timer.expires_after(at_most);
  boost::system::error_code ignored;  // cancelled by end()
  const boost::asio::use_awaitable_t<io::Executor> awaiting;
  co_await timer_->timer.async_wait(boost::asio::redirect_error(awaiting, ignored));
}

void LoginWait::end() {
  ended_ = true;
  timer_->timer.cancel();
}

std::shared_ptr<LoginWait> LoginWaits::enter(const std::string& login, io::Executor executor) {
  std::shared_ptr<LoginWait> wait(new LoginWait(*this, login, executor));
  const std::lock_guard lock(mutex_);
  waits_.emplace(login, wait);
  return wait;
}

void LoginWaits::apply(std::span<const audit::Change> changes) noexcept {
  // Released after the lock: the last owner of a wait takes the lock to leave.
  std::vector<std::shared_ptr<LoginWait>> woken;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& change : changes) {
      if (change.kind != audit::ChangeKind::login_completed) continue;
      const auto [begin, end] = waits_.equal_range(change.subject);
      for (auto at = begin; at != end; ++at) {
        if (auto wait = at->second.lock()) woken.push_back(std::move(wait));
      }
    }
  }
  for (const auto& wait : woken) {
    boost::asio::post(wait->executor_, [waiting = std::weak_ptr(wait)] {
      if (const auto still = waiting.lock()) still->end();
    });
  }
}

void LoginWaits::leave(const std::string& login) {
  const std::lock_guard lock(mutex_);
  const auto [begin, end] = waits_.equal_range(login);
  for (auto at = begin; at != end;) at = at->second.expired() ? waits_.erase(at) : std::next(at);
}

}  // namespace latchkey::control
