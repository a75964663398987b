// Secret<T>: a value that is never printed, compared by accident or left behind in memory.
//
// There is no stream operator, no conversion and no equality; the one way to the bytes is expose(), which is
// easy to search for. The bytes are overwritten when the object ends or is moved from. T is a std::string, a
// std::vector or a std::array of bytes.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <utility>

namespace latchkey {

// Overwrites memory in a way that the optimiser may not remove.
inline void wipe(void* data, std::size_t size) noexcept {
  explicit_bzero(data, size);
}

template <class T>
class Secret {
 public:
  Secret() = default;
  explicit Secret(T value) : value_(std::move(value)) { wipe_value(value); }
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : value_(std::move(other.value_)) { other.wipe_value(other.value_); }
  Secret& operator=(const Secret& other) {
    if (this != &other) {
      wipe_value(value_);
      value_ = other.value_;
    }
    return *this;
  }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      wipe_value(value_);
      value_ = std::move(other.value_);
      other.wipe_value(other.value_);
    }
    return *this;
  }
  ~Secret() { wipe_value(value_); }

  bool operator==(const Secret&) const = delete;

  // The bytes in clear. The reference lives as long as this object; copies of it are the caller's to wipe.
  const T& expose() const& noexcept { return value_; }

 private:
  static void wipe_value(T& value) noexcept {
    if constexpr (requires { value.capacity(); }) {
      // The whole buffer: also what lies behind the end, and the in-place buffer of a moved-from short
      // string. Growing to the capacity never reallocates.
      value.resize(value.capacity());
      wipe(value.data(), value.size() * sizeof(*value.data()));
      value.clear();
    } else {
      wipe(value.data(), value.size() * sizeof(*value.data()));
    }
  }

  T value_{};
};

using SecretString = Secret<std::string>;

}  // namespace latchkey
