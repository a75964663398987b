// Gives memory back at once. Clearing or assigning an empty value keeps the capacity of strings and vectors,
// for as long as their owner lives: of a device's connection, days.
#pragma once

#include <utility>

namespace latchkey {

template <typename T>
void release(T& value) {
  [[maybe_unused]] const T gone = std::move(value);
  value = T();
}

}  // namespace latchkey
