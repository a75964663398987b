// The words of events and what they carry, gathered from records and from the present state. A part of
// derive_events.
//
// Members and messages of upstream's events are upstream's (https://tailscale.com/kb/1213); this server's own
// carry texts only, since the vendor's sample receiver takes no lists.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/audit/change.h"
#include "core/audit/record.h"
#include "core/credentials/credential.h"
#include "core/tailnet/device.h"
#include "core/tx.h"

namespace latchkey::webhooks {

// A member of an object that may not be there.
bool flag_in(const std::optional<boost::json::value>& value, std::string_view name, bool otherwise);
std::string text_in(const std::optional<boost::json::value>& value, std::string_view name);

class EventSources {
 public:
  struct Told {
    std::string message;
    boost::json::value data;
  };

  EventSources(core::Tx& tx, const audit::Change& change, const std::string& console_url)
      : tx_(tx), change_(change), console_url_(console_url) {}

  // Of the device in a record, as it was then; of the one that is the subject, as it is now. Nothing when it
  // is gone.
  std::optional<Told> node(const audit::Record& record, std::string_view what);
  std::optional<Told> expired_node(const audit::Record& record);
  std::optional<Told> expiring_node(std::string_view within);  // "day", "week"
  std::optional<Told> present_node(std::string_view what);
  std::optional<tailnet::Device> device();

  std::optional<Told> user(const audit::Record& record, std::string_view what);
  std::optional<Told> role_change(const audit::Record& record);
  bool waits_for_approval(const audit::Record& record);

  std::optional<Told> policy(const audit::Record& record);
  // When the guard on mass changes begins to hold.
  std::optional<Told> held_sync(const audit::Record& record);

  // Of a credential: by its record, or by the present state when nobody did anything.
  std::optional<Told> key(const audit::Record& record, std::string_view what);
  std::optional<Told> updated_key(const audit::Record& record);
  std::optional<Told> revoked_key(const audit::Record& record);
  std::optional<Told> used_up_key(const audit::Record& record);
  std::optional<Told> credential(std::string_view what);
  std::optional<Told> used(std::string_view what);
  std::optional<Told> refused(std::string_view what);

  std::optional<Told> webhook_secret(const audit::Record& record, std::string_view what,
                                     const boost::json::object& more);
  Told updated_endpoint(const audit::Record& record);
  std::optional<Told> failing_endpoint();

 private:
  struct NodeFacts {
    std::string name;  // one label
    std::string ipv4;
    std::string managed_by;
  };
  NodeFacts facts_of(const audit::Record& record);
  NodeFacts facts_of(const tailnet::Device& device);
  Told node_told(const std::string& id, const NodeFacts& facts, std::string_view what,
                 const std::string& actor);
  std::string full_name(std::string_view label);
  std::string login_of(const UserId& user);
  std::optional<Told> credential_told(const credentials::Credential& key, const std::string& description,
                                      std::string_view what, const std::string& actor,
                                      const boost::json::object& more);
  std::optional<credentials::Credential> credential_of(const std::string& id);
  std::string url(std::string_view page) const { return console_url_ + std::string(page); }

  core::Tx& tx_;
  const audit::Change& change_;
  const std::string& console_url_;
};

}  // namespace latchkey::webhooks
