// Lists: GET /Users, GET /Groups, and the same by POST .search; over both kinds at the root.
#include <optional>

#include "core/provisioning/groups.h"
#include "core/provisioning/users.h"
#include "core/scim/strict_json.h"
#include "http/handlers.h"
#include "http/scim/answers.h"

namespace latchkey::http {
namespace {

using provisioning::Page;
using provisioning::Sync;
using scim::ListPlan;
using scim::ListQuery;

// People first, then groups; nothing where the kind is not asked for.
struct Plans {
  std::optional<ListPlan> users;
  std::optional<ListPlan> groups;
};

Result<Page> both(const Sync& sync, const Plans& plans) {
  Page page;
  if (plans.users) {
    TRY(page, provisioning::list_users(sync, *plans.users));
  }
  if (!plans.groups) return page;
  auto rest = *plans.groups;
  if (plans.users) {
    rest.count -= page.resources.size();
    rest.start_index = rest.start_index > page.total ? rest.start_index - page.total : 1;
  }
  TRY(auto groups, provisioning::list_groups(sync, rest));
  page.total += groups.total;
  for (auto& group : groups.resources) page.resources.push_back(std::move(group));
  return page;
}

Answer list(Context& context, Call& call, ListQuery query, bool users, bool groups) {
  Plans plans;
  if (users) {
    CO_TRY(plans.users, scim::plan_list(scim::user_type(), query));
  }
  if (groups) {
    CO_TRY(plans.groups, scim::plan_list(scim::group_type(), query));
  }
  auto work = [plans, caller = call.caller, base = scim_base_url(context), &rules = context.sync_rules,
               now = context.clock.now()](core::Tx& tx) {
    return both({tx, caller, rules, base, now}, plans);
  };
  CO_TRY(auto page, co_await context.db.read(std::move(work)));
  co_return scim_response(scim::list_response(std::move(page.resources), page.total, query.start_index));
}

Answer list_by_address(Context& context, Call& call, bool users, bool groups) {
  CO_TRY(auto query, ListQuery::from_address(call.request.query()));
  co_return co_await list(context, call, std::move(query), users, groups);
}

Answer list_by_body(Context& context, Call& call, bool users, bool groups) {
  CO_TRY(const auto body, scim::read_json_object(call.request.body));
  CO_TRY(auto query, ListQuery::from_search(body));
  co_return co_await list(context, call, std::move(query), users, groups);
}

}  // namespace

Answer scim_list_users(Context& context, Call& call) {
  return list_by_address(context, call, true, false);
}
Answer scim_list_groups(Context& context, Call& call) {
  return list_by_address(context, call, false, true);
}
Answer scim_list_all(Context& context, Call& call) {
  return list_by_address(context, call, true, true);
}
Answer scim_search_users(Context& context, Call& call) {
  return list_by_body(context, call, true, false);
}
Answer scim_search_groups(Context& context, Call& call) {
  return list_by_body(context, call, false, true);
}
Answer scim_search_all(Context& context, Call& call) {
  return list_by_body(context, call, true, true);
}

}  // namespace latchkey::http
