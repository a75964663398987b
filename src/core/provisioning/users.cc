#include "core/provisioning/users.h"

#include <map>

#include "core/identity/user_store.h"
#include "core/people/admit.h"
#include "core/people/standing.h"
#include "core/provisioning/act.h"
#include "core/provisioning/held.h"
#include "core/provisioning/provisioning_store.h"
#include "core/provisioning/switch.h"
#include "core/provisioning/user_document.h"
#include "core/scim/document.h"
#include "core/scim/refusal.h"
#include "core/scim/rendering.h"
#include "core/tailnet/settings_store.h"

namespace latchkey::provisioning {
namespace {

namespace json = boost::json;

Error no_such_user() {
  return not_found("There is no such user.");
}

Error name_taken() {
  return scim::refuse(scim::ScimType::uniqueness, "userName is already taken.", "userName");
}

// Two requests of one tailnet do not write at once: what one reads stays as it is until it has written.
Result<void> begin(const Sync& sync) {
  sync.tx.settings().hold(sync.caller.tailnet);
  return require_enabled(sync.tx, sync.caller.tailnet);
}

Result<UserResource> find(const Sync& sync, const UserId& id) {
  auto found = sync.tx.provisioning().find_user(sync.caller.tailnet, id);
  if (!found) return no_such_user();
  return *std::move(found);
}

Shown shown(const Sync& sync, const UserResource& resource) {
  const std::string ids[] = {resource.user.id.str()};
  const auto groups = sync.tx.provisioning().memberships(sync.caller.tailnet, ids, kMaxListedMembers);
  return {shown_document(resource, groups, sync.base_url), scim::version_text(version_of(resource))};
}

Result<Shown> shown_again(const Sync& sync, const UserId& id) {
  TRY(const auto resource, find(sync, id));
  return shown(sync, resource);
}

bool is_suspended(const identity::User& user) {
  return user.status == identity::UserStatus::suspended;
}

Result<void> check_login(const std::string& login) {
  if (identity::check_login_name(login).ok()) return {};
  return scim::refuse(scim::ScimType::invalid_value,
                      "userName must be 1 to 254 printable characters without blanks.", "userName");
}

void keep(const Sync& sync, const UserId& id, const Wanted& wanted, std::uint64_t revision) {
  sync.tx.provisioning().save_user(sync.caller.tailnet, id,
                                   {.document = wanted.kept,
                                    .external_id = wanted.external_id,
                                    .active_removed = !wanted.active,
                                    .revision = revision,
                                    .modified = sync.now});
}

Result<void> suspend(const Sync& sync, const UserId& id) {
  TRY(const auto may, identity::authorize<Operation::suspend_user>(sync.caller));
  TRY(people::suspend(sync.tx, may, id, sync.now));
  sync.tx.provisioning().mark_suspension(sync.caller.tailnet, id);
  return {};
}

// What the provider may lift is its own suspension; one by an administrator stays, and shows.
Result<void> restore(const Sync& sync, const UserResource& was) {
  if (!was.suspended_by_sync) return {};
  TRY(const auto may, identity::authorize<Operation::restore_user>(sync.caller));
  TRY(people::restore(sync.tx, may, was.user.id, sync.now));
  return {};
}

Result<void> rename(const Sync& sync, const identity::User& user, const Wanted& wanted) {
  const bool shown_alike = wanted.display_name.empty() || wanted.display_name == user.display_name;
  if (wanted.login_name == user.login_name && shown_alike) return {};
  TRY(check_login(wanted.login_name));
  const auto holder = sync.tx.users().find_by_login(sync.caller.tailnet, wanted.login_name);
  if (holder && holder->id != user.id) return name_taken();
  TRY(const auto may, identity::authorize<Operation::update_user>(sync.caller));
  const auto& display_name = wanted.display_name.empty() ? user.display_name : wanted.display_name;
  TRY(people::rename(sync.tx, may, user.id, {wanted.login_name, display_name}, sync.now));
  return {};
}

// Writes what differs. The guard has let it pass.
Result<void> write(const Sync& sync, const UserResource& was, const Wanted& wanted) {
  const auto before = wanted_of(document_of(was, {}));
  TRY(rename(sync, was.user, wanted));
  const bool active = wanted.active.value_or(false);
  if (!active && !is_suspended(was.user)) TRY(suspend(sync, was.user.id));
  if (active && is_suspended(was.user)) TRY(restore(sync, was));
  const bool removed_alike = was.kept && was.kept->active_removed == !wanted.active;
  if (was.kept && was.kept->document == wanted.kept && removed_alike) return {};
  keep(sync, was.user.id, wanted, was.kept ? was.kept->revision + 1 : 1);
  if (before.kept != wanted.kept) {
    sync.tx.provisioning().record(pushed_user(was.user, sync.caller, before.kept, wanted.kept, sync.now));
  }
  return {};
}

Result<Guarded<Shown>> apply(const Sync& sync, const UserResource& was, const json::object& document) {
  const auto wanted = wanted_of(document);
  TRY(check_login(wanted.login_name));
  if (!is_suspended(was.user) && !wanted.active.value_or(false)) {
    TRY(people::check(people::Step::suspend, was.user, people::Relation::other));
    TRY(auto held, hold_back(sync, was.user));
    if (held) return Guarded<Shown>{{}, std::move(held)};
  }
  TRY(write(sync, was, wanted));
  TRY(auto answer, shown_again(sync, was.user.id));
  return Guarded<Shown>{std::move(answer), {}};
}

Result<std::map<std::string, std::vector<Membership>>> groups_of(const Sync& sync,
                                                                 std::span<const UserResource> resources) {
  std::vector<std::string> ids;
  for (const auto& resource : resources) ids.push_back(resource.user.id.str());
  auto all = sync.tx.provisioning().memberships(sync.caller.tailnet, ids, kMaxListedMembers + 1);
  if (std::ssize(all) > kMaxListedMembers) {
    return scim::refuse(scim::ScimType::too_many,
                        "These users are in too many groups to show: ask for fewer, or exclude groups.");
  }
  std::map<std::string, std::vector<Membership>> groups;
  for (auto& membership : all) groups[membership.member.id].push_back(std::move(membership));
  return groups;
}

}  // namespace

Result<void> check_expected(const Expected& expected, std::string_view version) {
  if (expected.empty() || scim::names_version(expected, version)) return {};
  return precondition_failed("The resource has changed: its version is " + std::string(version) + ".");
}

Result<Shown> read_user(const Sync& sync, const UserId& id) {
  TRY(require_enabled(sync.tx, sync.caller.tailnet));
  TRY(const auto may, identity::authorize<Operation::read_user>(sync.caller));
  return shown_again(sync, id);
}

Result<Page> list_users(const Sync& sync, const scim::ListPlan& plan) {
  TRY(require_enabled(sync.tx, sync.caller.tailnet));
  TRY(const auto may, identity::authorize<Operation::list_users>(sync.caller));
  const auto& tailnet = may.tailnet();
  auto& store = sync.tx.provisioning();
  Listing<UserResource> listing;
  listing.costly = "groups";
  listing.count = [&](auto terms) { return store.count_users(tailnet, terms); };
  listing.read = [&](auto terms, Window window) { return store.list_users(tailnet, terms, window); };
  listing.documents = [&](auto resources, bool with_groups) -> Result<std::vector<json::object>> {
    std::map<std::string, std::vector<Membership>> groups;
    if (with_groups) {
      TRY(groups, groups_of(sync, resources));
    }
    std::vector<json::object> documents;
    documents.reserve(resources.size());
    for (const auto& resource : resources) {
      documents.push_back(shown_document(resource, groups[resource.user.id.str()], sync.base_url));
    }
    return documents;
  };
  return run(plan, listing);
}

Result<Guarded<Shown>> create_user(const Sync& sync, json::object document) {
  TRY(begin(sync));
  TRY(const auto may, identity::authorize<Operation::create_user>(sync.caller));
  if (!document.contains("active")) document["active"] = true;
  const auto wanted = wanted_of(document);
  TRY(check_login(wanted.login_name));
  if (const auto known = sync.tx.users().find_by_login(sync.caller.tailnet, wanted.login_name)) {
    TRY(const auto was, find(sync, known->id));
    if (was.kept) return name_taken();
    return apply(sync, was, document);
  }
  TRY(const auto user,
      people::admit(sync.tx, may,
                    {.login_name = wanted.login_name, .display_name = wanted.display_name, .approved = true},
                    sync.now));
  keep(sync, user.id, wanted, 1);
  // Nobody is taken away by this: it is not the guard's business.
  if (!wanted.active.value_or(false)) TRY(suspend(sync, user.id));
  TRY(auto answer, shown_again(sync, user.id));
  return Guarded<Shown>{std::move(answer), {}};
}

Result<Guarded<Shown>> change_user(const Sync& sync, const UserId& id, const Expected& expected,
                                   const Change& change) {
  TRY(begin(sync));
  TRY(const auto may, identity::authorize<Operation::update_user>(sync.caller));
  TRY(const auto was, find(sync, id));
  TRY(check_expected(expected, scim::version_text(version_of(was))));
  auto stored = document_of(was, {});
  stored["id"] = id.str();
  TRY(const auto document, change(scim::finish_document(scim::user_type(), std::move(stored))));
  return apply(sync, was, document);
}

Result<Guarded<Shown>> remove_user(const Sync& sync, const UserId& id, const Expected& expected) {
  TRY(begin(sync));
  TRY(const auto may, identity::authorize<Operation::delete_user>(sync.caller));
  TRY(const auto was, find(sync, id));
  TRY(auto answer, Result<Shown>(shown(sync, was)));
  TRY(check_expected(expected, answer.version));
  TRY(people::check(people::Step::remove, was.user, people::Relation::other));
  TRY(auto held, hold_back(sync, was.user));
  if (held) return Guarded<Shown>{{}, std::move(held)};
  TRY(people::remove(sync.tx, may, id, sync.now));
  return Guarded<Shown>{std::move(answer), {}};
}

}  // namespace latchkey::provisioning
