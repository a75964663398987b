#include "core/audit/chain.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <stdexcept>

#include "base/text.h"

namespace latchkey::audit {
namespace {

// Which member stands where in RecordTexts.
enum Member : std::size_t {
  kTailnet,
  kAt,
  kGroup,
  kOrigin,
  kCredential,
  kAddress,
  kUserAgent,
  kRequest,
  kActorId,
  kActorType,
  kActorLogin,
  kActorName,
  kTargetId,
  kTargetName,
  kTargetType,
  kTargetProperty,
  kAction,
  kOld,
  kNew,
  kDetails,
  kError,
};
static_assert(kError + 1 == kRecordMembers);

std::optional<std::string> json_text(const std::optional<boost::json::value>& value) {
  if (!value) return std::nullopt;
  return boost::json::serialize(*value);
}

std::optional<boost::json::value> json_from(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  boost::json::error_code failed;
  auto value = boost::json::parse(*text, failed);
  if (failed) throw std::invalid_argument("an audit record holds text that is no JSON");
  return value;
}

TimePoint time_from(const std::string& text) {
  std::int64_t micros = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), micros);
  if (failed != std::errc{} || end != text.data() + text.size()) {
    throw std::invalid_argument("an audit record holds a time that is no number");
  }
  return from_micros(micros);
}

// With lengths in front, so that no two records give the same bytes; absent and empty differ.
void put(std::string& bytes, const std::optional<std::string>& member) {
  if (!member) {
    bytes += "-:";
    return;
  }
  bytes += std::to_string(member->size());
  bytes += ':';
  bytes += *member;
}

}  // namespace

Link first_link() {
  return Link{};
}

RecordTexts texts_of(const Record& record) {
  RecordTexts texts;
  texts[kTailnet] = record.tailnet.str();
  texts[kAt] = std::to_string(to_micros(record.at));
  texts[kGroup] = record.group_id;
  texts[kOrigin] = to_string(record.source.origin);
  texts[kCredential] = record.source.credential.str();
  texts[kAddress] = record.source.address;
  texts[kUserAgent] = record.source.user_agent;
  texts[kRequest] = record.source.request_id;
  texts[kActorId] = record.actor.id;
  texts[kActorType] = to_string(record.actor.type);
  texts[kActorLogin] = record.actor.login_name;
  texts[kActorName] = record.actor.display_name;
  texts[kTargetId] = record.target.id;
  texts[kTargetName] = record.target.name;
  texts[kTargetType] = to_string(record.target.type);
  texts[kTargetProperty] = record.target.property;
  texts[kAction] = to_string(record.action);
  texts[kOld] = json_text(record.old_value);
  texts[kNew] = json_text(record.new_value);
  texts[kDetails] = record.details;
  texts[kError] = record.error;
  // What callers send is part of it: no act may fail, or go unrecorded, for its text.
  for (auto& text : texts) {
    if (text) text = storable(*text);
  }
  return texts;
}

Record record_from(const RecordTexts& texts) {
  const auto text = [&texts](Member member) { return texts[member].value_or(""); };
  Record record;
  record.tailnet = TailnetId(text(kTailnet));
  record.at = time_from(text(kAt));
  record.group_id = text(kGroup);
  record.source.origin = origin_from(text(kOrigin));
  record.source.credential = CredentialId(text(kCredential));
  record.source.address = text(kAddress);
  record.source.user_agent = text(kUserAgent);
  record.source.request_id = text(kRequest);
  record.actor.id = text(kActorId);
  record.actor.type = actor_type_from(text(kActorType));
  record.actor.login_name = text(kActorLogin);
  record.actor.display_name = text(kActorName);
  record.target.id = text(kTargetId);
  record.target.name = text(kTargetName);
  record.target.type = target_type_from(text(kTargetType));
  record.target.property = text(kTargetProperty);
  record.action = action_from(text(kAction));
  record.old_value = json_from(texts[kOld]);
  record.new_value = json_from(texts[kNew]);
  record.details = text(kDetails);
  record.error = text(kError);
  return record;
}

Link next_link(const crypto::HmacKey& key, const Link& previous, const RecordTexts& record,
               std::int64_t sequence) {
  std::string message(previous.begin(), previous.end());
  message += "latchkey-audit-1\n";
  put(message, std::to_string(sequence));
  for (const auto& member : record) put(message, member);
  return key.sign(message);
}

}  // namespace latchkey::audit
