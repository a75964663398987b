// A tailnet: the tenant. Everything else belongs to exactly one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "core/audit/act.h"

namespace latchkey::tailnet {

struct Tailnet {
  TailnetId id;
  std::string name;  // a domain or an e-mail address; unique, compared without case
  TimePoint created{};
};

// Whether text, a {tailnet} path element, means this tailnet: "-", its id exactly, or its name without case.
bool is_meant_by(const Tailnet& tailnet, std::string_view text);

// 1 to 253 characters of letters, digits, '.', '-', '_' and '@'.
Result<void> check_name(std::string_view name);

class TailnetStore {
 public:
  virtual ~TailnetStore() = default;
  virtual std::optional<Tailnet> find(const TailnetId& id) = 0;
  virtual std::optional<Tailnet> find_by_name(std::string_view name) = 0;
  virtual std::vector<Tailnet> list() = 0;
  // False when the name is taken; nothing is written then.
  virtual bool insert(const Tailnet& tailnet, const audit::Act& act) = 0;
};

}  // namespace latchkey::tailnet
