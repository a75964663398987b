#include "core/audit/chain.h"

#include <boost/json/serialize.hpp>

namespace latchkey::audit {
namespace {

void put(std::string& bytes, std::string_view member) {
  bytes += std::to_string(member.size());
  bytes += ':';
  bytes += member;
}

void put(std::string& bytes, const std::optional<boost::json::value>& member) {
  // Absent and null differ.
  put(bytes, member ? boost::json::serialize(*member) : std::string_view{});
}

}  // namespace

Link first_link() {
  return Link{};
}

std::string canonical_bytes(const Record& record, std::int64_t sequence) {
  std::string bytes = "latchkey-audit-1\n";
  put(bytes, std::to_string(sequence));
  put(bytes, record.tailnet.str());
  put(bytes, std::to_string(to_micros(record.at)));
  put(bytes, record.group_id);
  put(bytes, to_string(record.source.origin));
  put(bytes, record.source.credential.str());
  put(bytes, record.source.address);
  put(bytes, record.source.user_agent);
  put(bytes, record.source.request_id);
  put(bytes, record.actor.id);
  put(bytes, to_string(record.actor.type));
  put(bytes, record.actor.login_name);
  put(bytes, record.actor.display_name);
  put(bytes, record.target.id);
  put(bytes, record.target.name);
  put(bytes, to_string(record.target.type));
  put(bytes, record.target.property);
  put(bytes, to_string(record.action));
  put(bytes, record.old_value);
  put(bytes, record.new_value);
  put(bytes, record.details);
  put(bytes, record.error);
  return bytes;
}

Link next_link(const crypto::HmacKey& key, const Link& previous, const Record& record,
               std::int64_t sequence) {
  std::string message(previous.begin(), previous.end());
  message += canonical_bytes(record, sequence);
  return key.sign(message);
}

}  // namespace latchkey::audit
