#include "core/credentials/key_query.h"

#include <algorithm>
#include <array>

#include "base/moment.h"
#include "base/text.h"
#include "core/identity/user.h"
#include "core/policy/tag.h"

namespace latchkey::credentials {
namespace {

using Field = KeyQuery::Field;

constexpr std::string_view kAccessToken = "access-token";
constexpr std::string_view kTailnet = "tailnet";

constexpr std::array<std::pair<std::string_view, Field>, 8> kFields{{{"type", Field::type},
                                                                     {"user", Field::user},
                                                                     {"owner", Field::owner},
                                                                     {"creator", Field::creator},
                                                                     {"tag", Field::tag},
                                                                     {"from", Field::from},
                                                                     {"made-with", Field::made_with},
                                                                     {"id", Field::id}}};

std::string_view name_of(Field field) {
  return std::ranges::find(kFields, field, &std::pair<std::string_view, Field>::second)->first;
}

Error wrong(std::string_view term, std::string_view what) {
  constexpr std::size_t kMostQuoted = 80;
  return malformed("\"" + storable(clip(redact_keys(term), kMostQuoted)) + "\": " + std::string(what),
                   "query");
}

Result<void> check_type(std::string_view term, std::string_view value) {
  if (value == kAccessToken) return {};
  const auto type = key_type_from(value);
  if (type == KeyType::webhook) {
    return wrong(term, "a webhook secret goes with its endpoint: rotate or delete that");
  }
  if (type) return {};
  return wrong(term, "a type is auth, api, client, federated, scim or access-token");
}

Result<void> check_id(std::string_view term, std::string_view value) {
  // That of a federated identity has the tailnet's in front.
  const auto last = value.substr(value.rfind('-') + 1);
  if (is_id_text('k', last) && value.size() <= 2 * last.size() + 1) return {};
  return wrong(term, "the id of a key is like k...CNTRL");
}

Result<KeyQuery::Term> parse_term(std::string_view term, Field field, std::string_view value) {
  KeyQuery::Term parsed;
  parsed.field = field;
  parsed.value = std::string(value);
  switch (field) {
    case Field::type:
      TRY(check_type(term, value));
      break;
    case Field::user:
    case Field::owner:
    case Field::creator:
      if (!identity::check_login_name(value)) return wrong(term, "this is no login name and no id");
      if (value == kTailnet && field == Field::user) return wrong(term, "write owner:tailnet");
      if (value == kTailnet) parsed.user = UserId();
      break;
    case Field::tag:
      if (!value.starts_with("tag:")) parsed.value = "tag:" + parsed.value;
      if (!policy::is_tag(parsed.value)) return wrong(term, "this is no tag");
      break;
    case Field::from:
      parsed.network = policy::parse_prefix(value);
      if (!parsed.network) {
        return wrong(term, "an address, or a network such as 203.0.113.0/24, with no bits beyond its length");
      }
      break;
    case Field::made_with:
    case Field::id:
      TRY(check_id(term, value));
      break;
  }
  return parsed;
}

Result<void> take_bound(KeyQuery& query, std::string_view term, std::size_t at, TimePoint now) {
  const auto name = term.substr(0, at);
  auto* window = name == "created" ? &query.created : name == "used" ? &query.used : nullptr;
  if (window == nullptr) return wrong(term, "only created and used have a time");
  auto& bound = term[at] == '>' ? window->since : window->before;
  if (bound) return wrong(term, "this bound is there already");
  const auto moment = parse_moment(term.substr(at + 1), now);
  if (!moment) return wrong(term, moment.error().message);
  bound = *moment;
  return {};
}

Result<void> take(KeyQuery& query, std::string_view term, TimePoint now) {
  const bool negated = term.starts_with('-');
  const auto plain = term.substr(negated ? 1 : 0);
  const auto at = plain.find_first_of(":<>");
  if (at == std::string_view::npos) {
    return wrong(term, "a term is a field and a value, such as owner:mira@example.com or created>24h");
  }
  if (plain[at] != ':') {
    if (negated) return wrong(term, "turn < and > around instead of the minus");
    return take_bound(query, plain, at, now);
  }
  const auto value = plain.substr(at + 1);
  if (plain.substr(0, at) == "used") {
    if (negated || value != "never") return wrong(term, "write used:never, or used>2h");
    query.never_used = true;
    return {};
  }
  const auto* field =
      std::ranges::find(kFields, plain.substr(0, at), &std::pair<std::string_view, Field>::first);
  if (field == kFields.end()) {
    return wrong(term,
                 "the fields are type, user, owner, creator, tag, from, made-with, id, created and used");
  }
  TRY(auto parsed, parse_term(term, field->second, value));
  parsed.negated = negated;
  if (std::ranges::find(query.terms, parsed) == query.terms.end()) query.terms.push_back(std::move(parsed));
  return {};
}

bool is_within(const KeyQuery::Window& window, std::optional<TimePoint> at) {
  if (!window.since && !window.before) return true;
  return at && (!window.since || *at >= *window.since) && (!window.before || *at < *window.before);
}

bool is_from(const policy::Prefix& network, const KeyFacts& facts) {
  const auto inside = [&](const std::string& text) {
    const auto address = policy::parse_address(text);
    return address && network.contains(*address);
  };
  return inside(facts.key.usage.last_address) || std::ranges::any_of(facts.addresses, inside);
}

bool fits(const KeyQuery::Term& term, const KeyFacts& facts) {
  const auto& key = facts.key;
  switch (term.field) {
    case Field::type:
      return kind_of(key) == term.value;
    case Field::owner:
      return term.user == key.owner;
    case Field::creator:
      return term.user == key.creator;
    case Field::user:
      return term.user == key.owner || term.user == key.creator;
    case Field::tag:
      return std::ranges::find(key.grant.tags, term.value) != key.grant.tags.end();
    case Field::from:
      return term.network && is_from(*term.network, facts);
    case Field::made_with:
      return key.minted_by.str() == term.value ||
             std::ranges::find(facts.made_with, CredentialId(term.value)) != facts.made_with.end();
    case Field::id:
      return key.id.str() == term.value;
  }
  return false;
}

std::string bounds_text(std::string_view name, const KeyQuery::Window& window) {
  std::string text;
  if (window.since) text += " " + std::string(name) + ">" + to_rfc3339(*window.since);
  if (window.before) text += " " + std::string(name) + "<" + to_rfc3339(*window.before);
  return text;
}

}  // namespace

Result<KeyQuery> parse_key_query(std::string_view text, TimePoint now) {
  if (text.size() > kMaxKeyQuery) {
    return malformed("a query has at most " + std::to_string(kMaxKeyQuery) + " bytes", "query");
  }
  KeyQuery query;
  std::size_t terms = 0;
  for (const auto term : split(text, ' ')) {
    if (term.empty()) continue;
    if (++terms > kMaxKeyTerms) {
      return malformed("a query has at most " + std::to_string(kMaxKeyTerms) + " terms", "query");
    }
    TRY(take(query, term, now));
  }
  if (terms == 0) {
    return malformed(
        "an empty query would mean every key: say which, such as owner:mira@example.com; created>1970-01-01 "
        "is all",
        "query");
  }
  return query;
}

std::string to_string(const KeyQuery& query) {
  std::string text;
  for (const auto& term : query.terms) {
    text += (term.negated ? " -" : " ") + std::string(name_of(term.field)) + ":" + term.value;
  }
  text += bounds_text("created", query.created) + bounds_text("used", query.used);
  if (query.never_used) text += " used:never";
  return text.substr(text.empty() ? 0 : 1);
}

bool matches(const KeyQuery& query, const KeyFacts& facts) {
  const auto& used = facts.key.usage.last_used;
  if (!is_within(query.created, facts.key.created) || !is_within(query.used, used)) return false;
  if (query.never_used && used) return false;
  for (const auto& term : query.terms) {
    if (term.negated) {
      if (fits(term, facts)) return false;
      continue;
    }
    const bool any = std::ranges::any_of(query.terms, [&](const KeyQuery::Term& other) {
      return other.field == term.field && !other.negated && fits(other, facts);
    });
    if (!any) return false;
  }
  return true;
}

bool asks_the_log(const KeyQuery& query) {
  return std::ranges::any_of(query.terms, [](const KeyQuery::Term& term) {
    return term.field == Field::from || term.field == Field::made_with;
  });
}

std::string_view kind_of(const Credential& key) {
  return key.minted_by.empty() ? to_string(key.type) : kAccessToken;
}

}  // namespace latchkey::credentials
