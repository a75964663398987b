#include "core/people/incident.h"

#include <algorithm>
#include <unordered_set>

#include "base/text.h"
#include "core/audit/one_act.h"
#include "core/credentials/find_keys.h"
#include "core/credentials/manage.h"
#include "core/tailnet/device_store.h"
#include "crypto/digest.h"

namespace latchkey::people {
namespace {

std::size_t devices_by(core::Tx& tx, const TailnetId& tailnet,
                       const std::vector<credentials::Credential>& keys) {
  std::unordered_set<CredentialId> joining;
  for (const auto& key : keys) {
    if (key.type == credentials::KeyType::auth) joining.insert(key.id);
  }
  if (joining.empty()) return 0;
  const auto devices = tx.devices().list(tailnet);
  return static_cast<std::size_t>(std::ranges::count_if(
      devices, [&](const tailnet::Device& device) { return joining.contains(device.auth_key); }));
}

std::string fingerprint_of(const std::vector<credentials::Credential>& keys) {
  std::vector<std::string> ids;
  ids.reserve(keys.size());
  for (const auto& key : keys) ids.push_back(key.id.str());
  return people::fingerprint_of(ids);
}

}  // namespace

Result<void> check_reason(const std::string& reason) {
  const bool plain =
      std::ranges::none_of(reason, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; });
  if (reason.size() <= kMaxReason && plain && utf8_length(reason)) return {};
  return malformed("a reason is at most " + std::to_string(kMaxReason) + " bytes of one line", "reason");
}

std::string fingerprint_of(const std::vector<std::string>& ids) {
  auto sorted = ids;
  std::ranges::sort(sorted);
  std::string all;
  for (const auto& id : sorted) all += id + "\n";
  constexpr std::size_t kShown = 32;  // hexadecimal digits
  return std::to_string(ids.size()) + "-" + to_hex(crypto::sha256(all)).substr(0, kShown);
}

Result<Incident> find_to_revoke(core::Tx& tx, const MayRevokeKey& may, const MayReadKey& sight,
                                const credentials::KeyQuery& query, TimePoint now) {
  Incident found;
  found.query = credentials::to_string(query);
  TRY(const auto meant, credentials::with_people(tx, may.tailnet(), query));
  TRY(auto keys, credentials::find_keys(tx, may.tailnet(), meant, now));
  for (auto& key : keys) {
    if (!credentials::is_visible(sight, key)) continue;
    if (credentials::check_revocable(may, key)) {
      found.keys.push_back(std::move(key));
    } else {
      ++found.beyond_reach;
    }
  }
  if (found.keys.size() > kMostRevoked) {
    return malformed(std::to_string(found.keys.size()) + " keys match, and at most " +
                         std::to_string(kMostRevoked) + " can be revoked at once: narrow the query",
                     "query");
  }
  found.fingerprint = fingerprint_of(found.keys);
  found.devices = devices_by(tx, may.tailnet(), found.keys);
  return found;
}

Result<Incident> revoke_matching(core::Tx& tx, const MayRevokeKey& may, const MayReadKey& sight,
                                 const MassRevocation& want, TimePoint now) {
  TRY(check_reason(want.reason));
  TRY(auto found, find_to_revoke(tx, may, sight, want.query, now));
  if (found.fingerprint != want.fingerprint) {
    return conflict("what matches has changed since the dry run: " + std::to_string(found.keys.size()) +
                    " keys match now. Nothing was revoked; make another dry run");
  }
  const audit::OneAct act(tx);
  found.group = act.group_id();
  std::string details = "revoked by query " + found.query;
  if (!want.reason.empty()) details += "; reason: " + redact_keys(want.reason);
  for (auto& key : found.keys) credentials::revoke_as_part(tx, may.caller(), key, details, now);
  return found;
}

}  // namespace latchkey::people
