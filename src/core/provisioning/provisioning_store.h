// Where it is kept whether a tailnet is provisioned, and what its identity provider said of each person.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/audit/act.h"
#include "core/identity/user.h"
#include "core/provisioning/provisioning.h"
#include "core/provisioning/resource.h"
#include "core/scim/filter_columns.h"

namespace latchkey::provisioning {

class ProvisioningStore {
 public:
  virtual ~ProvisioningStore() = default;

  virtual Provisioning state(const TailnetId& tailnet) = 0;
  virtual void save(const TailnetId& tailnet, const Provisioning& state,
                    std::span<const audit::Record> records, const audit::Change& change) = 0;
  // A request that did not pass: not a change of configuration.
  virtual void count_held(const TailnetId& tailnet) = 0;

  // People whom the sync suspended or removed, for the guard.
  virtual void note_removal(const TailnetId& tailnet, const UserId& user, TimePoint at) = 0;
  // How many people, each once and without this one.
  virtual std::int64_t removals_since(const TailnetId& tailnet, TimePoint since, const UserId& without) = 0;
  virtual void forget_removals(const TailnetId& tailnet, TimePoint before) = 0;
  // Neither suspended nor waiting for approval.
  virtual std::int64_t count_active_users(const TailnetId& tailnet) = 0;

  // A person with what the provider said of him, if it ever spoke of him.
  virtual std::optional<UserResource> find_user(const TailnetId& tailnet, const UserId& id) = 0;
  // All who meet the terms, oldest first.
  virtual std::int64_t count_users(const TailnetId& tailnet, std::span<const scim::ColumnTerm> terms) = 0;
  virtual std::vector<UserResource> list_users(const TailnetId& tailnet,
                                               std::span<const scim::ColumnTerm> terms, Window window) = 0;
  // The user exists. What is told is told by the acts on the user himself, or by `act`.
  virtual void save_user(const TailnetId& tailnet, const UserId& id, const KeptUser& kept) = 0;
  virtual void record(const audit::Act& act) = 0;
  // Marks the present suspension as the sync's: it alone may be lifted by the sync. Any other change of the
  // user's status takes the mark away.
  virtual void mark_suspension(const TailnetId& tailnet, const UserId& id) = 0;

  // The same of groups.
  virtual std::int64_t count_groups(const TailnetId& tailnet, std::span<const scim::ColumnTerm> terms) = 0;
  virtual std::vector<identity::Group> list_groups(const TailnetId& tailnet,
                                                   std::span<const scim::ColumnTerm> terms,
                                                   Window window) = 0;
  // Which groups these users are in, and who is in these groups: by ids, at
  // most `limit`.
  virtual std::vector<Membership> memberships(const TailnetId& tailnet, std::span<const std::string> users,
                                              std::int64_t limit) = 0;
  virtual std::vector<Membership> members(const TailnetId& tailnet, std::span<const std::string> groups,
                                          std::int64_t limit) = 0;
};

}  // namespace latchkey::provisioning
