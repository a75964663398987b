#include "core/tailnet/change_attributes.h"

#include <algorithm>

#include "base/text.h"
#include "core/tailnet/attribute_store.h"
#include "core/tailnet/device_audit.h"
#include "core/tailnet/find_device.h"
#include "core/tailnet/settings_store.h"

namespace latchkey::tailnet {
namespace {

boost::json::value audit_view(const AttributeValue& value) {
  return std::visit([](const auto& held) { return boost::json::value(held); }, value);
}

boost::json::object audit_view(const Attribute& attribute) {
  boost::json::object view;
  view["key"] = attribute.key;
  view["value"] = audit_view(attribute.value);
  if (attribute.expires) view["expiry"] = to_rfc3339(*attribute.expires);
  return view;
}

Result<void> check(const AttributeChange& change, TimePoint now) {
  TRY(check_attribute_key(change.key));
  if (!change.value) return {};
  TRY(check_attribute_value(*change.value));
  if (change.expires && *change.expires <= now) return malformed("expiry must be in the future", "expiry");
  return {};
}

Result<void> check_comment(const std::string& comment) {
  const auto length = utf8_length(comment);
  const bool plain =
      std::ranges::none_of(comment, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; });
  if (length && *length <= kMaxAttributeComment && plain && !holds_key(comment)) return {};
  return malformed("comment takes at most " + std::to_string(kMaxAttributeComment) + " characters",
                   "comment");
}

// The changes of one request: what they write is one act.
class Work {
 public:
  Work(core::Tx& tx, const MayWriteAttributes& may, const std::string& comment, TimePoint now)
      : tx_(tx), may_(may), comment_(comment), now_(now) {}

  Result<void> make(const AttributeChange& change, WhenAbsent when_absent) {
    TRY(check(change, now_));
    TRY(const auto device, find_device(tx_, may_, change.device));
    const auto present = tx_.attributes().list(device.tailnet, device.id, now_);
    const auto known = std::ranges::find_if(
        present, [&](const Attribute& held) { return equals_ignore_case(held.key, change.key); });
    const Attribute* was = known == present.end() ? nullptr : &*known;
    if (change.value) return set(device, present.size(), was, {change.key, *change.value, change.expires});
    if (was != nullptr) {
      tx_.attributes().remove(device.tailnet, device.id, was->key, act(device, audit::Action::delete_, was));
    } else if (when_absent == WhenAbsent::not_found) {
      return not_found("attribute not found");
    }
    return {};
  }

 private:
  Result<void> set(const Device& device, std::size_t present, const Attribute* was, const Attribute& wanted) {
    if (was == nullptr && present >= kMaxAttributes) {
      return malformed("a device has at most " + std::to_string(kMaxAttributes) + " attributes",
                       "attributeKey");
    }
    if (was != nullptr && *was == wanted) return {};
    const auto type = tx_.attributes().type_of(device.tailnet, wanted.key);
    if (type && *type != type_name(wanted.value)) {
      return malformed("the value of " + wanted.key + " must be a " + *type + ", as it was at first",
                       "value");
    }
    auto made = act(device, was == nullptr ? audit::Action::create : audit::Action::update, was);
    made.record.new_value = audit_view(wanted);
    tx_.attributes().set(device.tailnet, device.id, wanted, made);
    return {};
  }

  // The feed tells of the device: whoever shows or judges it reads its attributes again.
  audit::Act act(const Device& device, audit::Action action, const Attribute* was) {
    audit::Act made;
    audit::Target target{device.id.str(), device.name, audit::TargetType::node, "ATTRIBUTES"};
    made.record = identity::record_by(may_.caller(), action, std::move(target), now_);
    if (group_id_.empty()) group_id_ = made.record.group_id;
    made.record.group_id = group_id_;
    made.record.details = comment_;
    if (was != nullptr) made.record.old_value = audit_view(*was);
    made.change = change_of(device, audit::ChangeKind::device_updated, now_);
    return made;
  }

  core::Tx& tx_;
  const MayWriteAttributes& may_;
  const std::string& comment_;
  TimePoint now_;
  std::string group_id_;
};

}  // namespace

Result<std::vector<Attribute>> read_attributes(core::Tx& tx, const MayReadAttributes& may,
                                               std::string_view device, TimePoint now) {
  TRY(const auto found, find_device(tx, may, device));
  auto attributes = tx.attributes().list(may.tailnet(), found.id, now);
  for (auto& derived : node_attributes(found)) attributes.push_back(std::move(derived));
  std::ranges::sort(attributes, {}, &Attribute::key);
  return attributes;
}

Result<void> change_attributes(core::Tx& tx, const MayWriteAttributes& may,
                               const std::vector<AttributeChange>& changes, const std::string& comment,
                               WhenAbsent when_absent, TimePoint now) {
  TRY(check_comment(comment));
  // What type a value has is agreed on in the whole tailnet.
  tx.settings().hold(may.tailnet());
  tx.attributes().remove_expired(may.tailnet(), now);
  Work work(tx, may, comment, now);
  for (const auto& change : changes) TRY(work.make(change, when_absent));
  return {};
}

}  // namespace latchkey::tailnet
