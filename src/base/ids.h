// Public ids: opaque text, one type for each kind of thing, so that two kinds do not mix.
//
// Shape on the wire and in the database (never changes once issued): a letter for the kind, 11 base58
// characters made from 64 random bits, and the suffix CNTRL that names this kind of control server.
// `core/audit` and clients treat them as bytes; letter case matters.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace latchkey {

template <class Tag>
class Id {
 public:
  Id() = default;
  explicit Id(std::string text) : text_(std::move(text)) {}

  const std::string& str() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }
  auto operator<=>(const Id&) const = default;

 private:
  std::string text_;
};

using TailnetId = Id<struct TailnetTag>;        // T...CNTRL
using UserId = Id<struct UserTag>;              // u...CNTRL
using CredentialId = Id<struct CredentialTag>;  // k...CNTRL
using DeviceId = Id<struct DeviceTag>;          // n...CNTRL
using GroupId = Id<struct GroupTag>;            // g...CNTRL
using EndpointId = Id<struct EndpointTag>;      // w...CNTRL, of a webhook
using InviteId = Id<struct InviteTag>;          // i...CNTRL, of a person

// Turns 64 random bits into id text with the given letter. Pure; the randomness is the caller's.
std::string id_text(char letter, unsigned long long random_bits);

// Whether text has the shape that id_text makes for this letter.
bool is_id_text(char letter, std::string_view text);

}  // namespace latchkey

template <class Tag>
struct std::hash<latchkey::Id<Tag>> {
  std::size_t operator()(const latchkey::Id<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.str());
  }
};
