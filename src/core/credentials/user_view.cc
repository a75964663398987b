#include "core/credentials/user_view.h"

#include <algorithm>
#include <unordered_map>

#include "core/credentials/credential_store.h"
#include "core/credentials/manage.h"
#include "core/identity/user_store.h"
#include "core/tailnet/device_store.h"

namespace latchkey::credentials {
namespace {

void see(UserView& view, std::optional<TimePoint> at) {
  if (at && (!view.last_seen || *view.last_seen < *at)) view.last_seen = at;
}

std::vector<UserView> views_of(core::Tx& tx, std::vector<identity::User> users, const TailnetId& tailnet,
                               TimePoint now) {
  std::vector<UserView> views;
  std::unordered_map<UserId, std::size_t> places;
  for (auto& user : users) {
    places.emplace(user.id, views.size());
    views.push_back({std::move(user), 0, false, std::nullopt});
  }
  const auto view_of = [&](const UserId& id) {
    const auto place = places.find(id);
    return place == places.end() ? nullptr : &views[place->second];
  };
  for (const auto& device : tx.devices().list(tailnet)) {
    auto* view = view_of(device.user);
    if (view == nullptr) continue;
    ++view->devices;
    view->connected = view->connected || !device.connected_to.empty();
    see(*view, device.connected_to.empty() ? device.last_seen : std::optional(now));
  }
  for (auto& view : views) {
    const auto keys = tx.credentials().list_valid(tailnet, view.user.id, now, kMaxListed);
    for (const auto& key : keys) see(view, key.usage.last_used);
  }
  return views;
}

}  // namespace

std::vector<UserView> view_users(core::Tx& tx, const MayListUsers& may, TimePoint now) {
  auto views = views_of(tx, tx.users().list(may.tailnet()), may.tailnet(), now);
  std::ranges::sort(views, {}, [](const UserView& view) { return view.user.login_name; });
  return views;
}

Result<UserView> view_user(core::Tx& tx, const MayReadUser& may, const UserId& id, TimePoint now) {
  auto user = tx.users().find(may.tailnet(), id);
  if (!user) return not_found("user not found");
  return views_of(tx, {*std::move(user)}, may.tailnet(), now).front();
}

std::string_view status_of(const UserView& view, TimePoint now) {
  const auto seen = view.last_seen.value_or(view.user.created);
  if (view.user.status == identity::UserStatus::active && now - seen > kIdleAfter) return "idle";
  return to_string(view.user.status);
}

}  // namespace latchkey::credentials
