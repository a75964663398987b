// Result<T>: a T, or the Error that says why there is none.
//
// A class of our own around boost::system::result because an alias cannot be [[nodiscard]] and C++20 has no
// std::expected. Reading the wrong side is a defect and throws std::logic_error.
//
//   Result<Port> parse_port(std::string_view text);
//   TRY(auto port, parse_port(text));     // returns the error to our caller, or names the value
//   TRY(check(port));                     // for Result<void>
//   CO_TRY(auto page, co_await load());   // the same inside a coroutine
#pragma once

#include <boost/system/result.hpp>
#include <stdexcept>
#include <utility>

#include "base/error.h"

namespace latchkey {

[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw std::logic_error("value of a failed Result read: " + error.message);
}

template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : held_(boost::system::in_place_value, std::move(value)) {}
  Result(Error error) : held_(boost::system::in_place_error, std::move(error)) {}

  bool ok() const noexcept { return held_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }

  const T& value() const& { return held_.value(); }
  T& value() & { return held_.value(); }
  T&& value() && { return std::move(held_.value()); }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &held_.value(); }
  T* operator->() { return &held_.value(); }

  // Only when !ok().
  Error error() const& { return held_.error(); }

 private:
  boost::system::result<T, Error> held_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Error error) : held_(boost::system::in_place_error, std::move(error)) {}

  bool ok() const noexcept { return held_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }
  void value() const { held_.value(); }
  Error error() const& { return held_.error(); }

 private:
  boost::system::result<void, Error> held_;
};

}  // namespace latchkey

// The only control-flow macros of the project.
#define LATCHKEY_JOIN_(a, b) a##b
#define LATCHKEY_JOIN(a, b) LATCHKEY_JOIN_(a, b)
#define LATCHKEY_TRY_1(ret, tmp, expression) \
  do {                                       \
    auto tmp = (expression);                 \
    if (!tmp.ok()) ret tmp.error();          \
  } while (false)
#define LATCHKEY_TRY_2(ret, tmp, declaration, expression) \
  auto tmp = (expression);                                \
  if (!tmp.ok()) ret tmp.error();                         \
  declaration = std::move(tmp).value()
#define LATCHKEY_TRY_PICK(_1, _2, name, ...) name
#define TRY(...)                                                 \
  LATCHKEY_TRY_PICK(__VA_ARGS__, LATCHKEY_TRY_2, LATCHKEY_TRY_1) \
  (return, LATCHKEY_JOIN(try_result_, __LINE__), __VA_ARGS__)
#define CO_TRY(...)                                              \
  LATCHKEY_TRY_PICK(__VA_ARGS__, LATCHKEY_TRY_2, LATCHKEY_TRY_1) \
  (co_return, LATCHKEY_JOIN(try_result_, __LINE__), __VA_ARGS__)
