// Statements whose text depends on what is asked for: one for each text, for ever, as connections want them.
// For texts of which there are few: the shape comes from the program, values are bound.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "storage/driver/connection.h"

namespace latchkey::storage {

// Safe from any thread.
const Statement& interned(const std::string& sql);

// The most values of one parameter_list.
inline constexpr std::size_t kMostListed = 1024;

// "$first, $first+1, ..." for at least `count` values, of few different lengths: a power of two.
std::string parameter_list(std::size_t first, std::size_t count);
// As many values as that list has, the last one again and again. `values` has 1 to kMostListed.
void append_padded(std::vector<Value>& parameters, std::span<const std::string> values);

}  // namespace latchkey::storage
