// Reads members of HuJSON objects without regard to the case of their names, with errors that name line and
// column. A part of policy_reader.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/policy/hujson.h"

namespace latchkey::policy {

// Puts the place of a value before a message. `text` is what the value was parsed from.
class Places {
 public:
  explicit Places(std::string_view text);
  Error refused(const HujsonValue& value, std::string_view what) const;
  // The error of a rule about a text, at the place of that text; `prefix` as in "dst=".
  Error refused(const HujsonValue& value, const Error& why, std::string_view prefix = {}) const;
  std::size_t line_of(const HujsonValue& value) const;

 private:
  std::string_view text_;
  std::vector<std::size_t> line_breaks_;
};

// An element of an array or a value by its name.
struct Member {
  const HujsonValue* name;
  const HujsonValue* value;
};

class ObjectReader {
 public:
  // Refuses what is no object, and names that stand twice.
  static Result<ObjectReader> over(const HujsonValue& value, std::string_view what, const Places& places);

  // Nothing when absent or null. Takes the first of several spellings that is there; refuses two of them.
  Result<const HujsonValue*> take(std::initializer_list<std::string_view> spellings);
  // Members that nobody took, null or not.
  const std::vector<Member>& rest() const { return members_; }
  // Refuses the first of them.
  Result<void> finish() const;

 private:
  ObjectReader(std::vector<Member> members, std::string what, const Places& places)
      : members_(std::move(members)), what_(std::move(what)), places_(&places) {}

  std::vector<Member> members_;
  std::string what_;
  const Places* places_;
};

// null, or nothing within: it asks for nothing.
bool is_empty(const HujsonValue& value);

// The members of an object whose names are data, such as groups; case and order as written. Empty for null.
Result<std::vector<Member>> entries_of(const HujsonValue* value, std::string_view what, const Places& places);
// An array of at most `most` elements. Empty for null.
Result<std::vector<const HujsonValue*>> elements_of(const HujsonValue* value, std::string_view what,
                                                    std::size_t most, const Places& places);
Result<std::string> text_of(const HujsonValue& value, std::string_view what, const Places& places);

}  // namespace latchkey::policy
