// Devices that wait for a person to complete their login (core/join/pending_login.h). The change feed tells
// it, from whichever replica it was done at.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "core/audit/change.h"
#include "io/awaitable.h"

namespace latchkey::control {

class LoginWaits;

// One waiting request. Belongs to the thread of its connection.
class LoginWait {
 public:
  ~LoginWait();
  LoginWait(const LoginWait&) = delete;

  // Until the login is completed, end() is called, or the time is over.
  io::awaitable<void> wait(std::chrono::milliseconds at_most);
  void end();

 private:
  friend class LoginWaits;
  LoginWait(LoginWaits& all, std::string login, io::Executor executor);

  struct Timer;
  LoginWaits& all_;
  const std::string login_;
  const io::Executor executor_;
  std::unique_ptr<Timer> timer_;
  bool ended_ = false;
};

// All of them. Any thread; outlives them.
class LoginWaits {
 public:
  // What happens to the login from now on is not missed.
  std::shared_ptr<LoginWait> enter(const std::string& login, io::Executor executor);
  // For the commit hook and the feed: quick, never throws.
  void apply(std::span<const audit::Change> changes) noexcept;

 private:
  friend class LoginWait;
  void leave(const std::string& login);

  std::mutex mutex_;
  std::multimap<std::string, std::weak_ptr<LoginWait>> waits_;
};

}  // namespace latchkey::control
